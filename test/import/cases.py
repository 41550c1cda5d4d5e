"""Files of each rule: (name, {file: text or bytes}, words after the files, what comes of it).

What comes of it: a dict of orders, customers, gross, refunded, refunds, first, last and said (words that are printed); or a text, which the refusal says."""

import gzip

HEAD = "order_id,customer,order_date,amount\n"


def csv_of(*rows, head=HEAD):
    return head + "".join(row + "\n" for row in rows)


SHOPIFY = "Name,Email,Financial Status,Created at,Currency,Total,Refunded Amount,Lineitem name,Cancelled at,Shipping Country\n"
SQUARE = "Date,Time,Time Zone,Gross Sales,Net Sales,Total Collected,Event Type,Transaction Status,Transaction ID,Customer ID,Customer Name\n"
PAYPAL = "Date,Time,TimeZone,Name,Type,Status,Currency,Gross,Fee,Net,From Email Address,To Email Address,Transaction ID\n"
PAYPAL_DE = "Datum;Uhrzeit;Zeitzone;Name;Typ;Status;Währung;Brutto;Entgelt;Netto;Absender E-Mail-Adresse;Empfänger E-Mail-Adresse;Transaktionscode\n"

CASES = [
    # ---- what stands for never, and for no number
    ("orders to come are said", {"a.csv": csv_of("1,ann,2024-01-01,5.00", "2,bob,9999-12-31,6.00", "3,cid,1970-01-01,7.00")}, [], {"orders": 1, "gross": 5, "last": "2024-01-01", "said": "in the future"}),
    ("no number is so large", {"a.csv": csv_of("1,ann,2024-01-01,5.00", "2,bob,2024-01-02,1e400")}, [], {"orders": 1, "gross": 5, "said": "the amount is no number"}),
    # ---- numbers that are no order's
    ("a number that starts again", {"a.csv": csv_of("1,ann,2024-01-01,5.00", "2,bob,2024-01-02,6.00", "1,cid,2025-01-03,7.00")}, [], "LOAD several customers, such as those of 1"),
    ("and in the next file", {"a.csv": csv_of("1,ann,2024-01-01,5.00", "2,bob,2024-01-02,6.00"), "b.csv": csv_of("1,cid,2025-01-03,7.00")}, [], "LOAD several customers, such as those of 1"),
    ("each row an order", {"a.csv": csv_of("1,ann,2024-01-01,5.00", "2,bob,2024-01-02,6.00", "1,cid,2025-01-03,7.00")}, ["--order-id", "none"], {"orders": 3, "customers": 3, "gross": 18}),
    ("one of many is said", {"a.csv": csv_of("0,ann,2024-01-01,5.00", "0,bob,2024-01-01,5.50", *(f"{i},cid,2024-01-02,{j}.00" for i in range(1, 31) for j in (1, 2)))}, [],
     {"orders": 31, "gross": "100.50", "said": "1 order has rows of several customers"}),
    ("a cell too long is one line's", {"a.csv": csv_of("1,ann,2024-01-01,5.00", "2,bob,2024-01-02," + "6" * 1100000, "3,cid,2024-01-03,7.00")}, [], {"orders": 2, "gross": 12, "said": "a cell too long"}),
    # ---- lines of a file
    ("a quote that never ends is one line's", {"a.csv": csv_of("1,ann,2024-01-01,5.00", '2,"bob,2024-01-02,6.00', "3,cid,2024-01-03,7.00", "4,dan,2024-01-04,8.00")}, [],
     {"orders": 4, "gross": "26.00"}),
    ("quotes behind backslashes", {"a.csv": csv_of(*(f'"{i}","c{i}","2024-01-0{i}","5.00","say \\"hi, you\\" {i}"' for i in range(1, 8)), head='"order_id","customer","order_date","amount","note"\n')}, [], {"orders": 7, "gross": 35}),
    ("apostrophes for quotes", {"a.csv": csv_of(*(f"'{i}','c, {i}','2024-01-0{i}','5.00'" for i in range(1, 8)), head="'order_id','customer','order_date','amount'\n")}, [], {"orders": 7, "customers": 7, "gross": 35}),
    ("an apostrophe is no quote", {"a.csv": csv_of(*(f"{i},d'Artagnan {i},2024-01-0{i},5.00" for i in range(1, 8)))}, [], {"orders": 7, "customers": 7}),
    ("a note of several lines is one cell", {"a.csv": csv_of('1,ann,2024-01-01,5.00,"ring\ntwice, ""please"""', '2,bob,2024-01-02,6.00,', head="order_id,customer,order_date,amount,note\n")}, [],
     {"orders": 2, "gross": "11.00"}),
    ("a line with a cell too many is said", {"a.csv": csv_of("1,ann,2024-01-01,5.00", "2,bob,2024-01-02,1,000.00", "3,cid,2024-01-03,7.00")}, [],
     {"orders": 2, "gross": "12.00", "said": "it has 5 cells, the header 4"}),
    ("an amount that can't be read is said", {"a.csv": csv_of("1,ann,2024-01-01,5.00", "2,bob,2024-01-02,abc", "3,cid,2024-01-03,7.00")}, [],
     {"orders": 2, "gross": "12.00", "said": "a.csv, line 3: abc"}),
    ("decimal commas between commas", {"a.csv": csv_of(*(f"{i},c{i},2024-01-0{i},{i},50" for i in range(1, 8)))}, [], "7 of 7 rows have more cells than the header; the first, line 2: it has 5 cells, the header 4"),
    ("many rows that can't be read", {"a.csv": csv_of(*(f"{i},c{i},2024-01-0{i},{i}.00" for i in range(1, 8)), *(f"{i},c{i},soon,{i}.00" for i in range(10, 15)))}, [], "5 of 12 rows in which something can't be read; the first, line 9: the time can't be read: soon"),
    ("and the user doesn't want them", {"a.csv": csv_of(*(f"{i},c{i},2024-01-0{i},{i}.00" for i in range(1, 8)), *(f"{i},c{i},soon,{i}.00" for i in range(10, 15)))}, ["--where", "order_date <> 'soon'"], {"orders": 7}),
    ("a day that is none is said", {"a.csv": csv_of("1,ann,2024-01-01,5.00", "2,bob,2024-02-30,6.00")}, [], {"orders": 1, "said": "2024-02-30"}),
    ("title lines with separators", {"a.csv": "Report,,,\nof May,,,\n" + csv_of("1,ann,2024-01-01,5.00", "2,bob,2024-01-02,6.00")}, [], {"orders": 2}),
    ("refunds alone", {"a.csv": csv_of("1,ann,2024-01-01,-5")}, [], "LOAD no row of the files is an order"),
    ("empty", {"a.csv": ""}, [], "is empty"),
    ("names that nobody knows", {"a.csv": csv_of("1,ann,2024-01-01,5.00", "2,bob,2024-01-02,6.00", "Total,,,11.00", head="Ref,Wer,Wann,Viel\n")}, [], "Its columns: Ref, Wer, Wann, Viel."),
    ("and the user says them", {"a.csv": csv_of("1,ann,2024-01-01,5.00", "2,bob,2024-01-02,6.00", "Total,,,11.00", head="Ref,Wer,Wann,Viel\n")}, ["--customer", "Wer", "--at", "Wann", "--amount", "Viel"], {"orders": 2, "gross": 11}),
    ("cut short", {"a.csv.gz": gzip.compress(csv_of(*(f"{i},c{i * i},2024-01-01,{i}.00" for i in range(1, 9999))).encode())[:9000]}, [], "can't be read to its end"),
    ("a workbook cut short", {"a.xlsx": b"PK\x03\x04" + b"\0" * 200}, [], "save it as .xlsx or as CSV"),
    ("letters that a terminal obeys", {"a.csv": "\x1b[31m1,2,3\n4,5,6\n"}, [], "?[31m1"),
    ("a header alone", {"a.csv": HEAD}, [], "has no rows below its header"),
    ("no header", {"a.csv": "1,ann,2024-01-01,5.00\n2,bob,2024-01-02,6.00\n"}, [], "Put a line with their names above it"),
    ("one column", {"a.csv": "customer\nann\nbob\n"}, [], "--separator"),
    ("a page", {"a.csv": "<html><body>no</body></html>"}, [], "Export the orders as CSV"),
    ("an old workbook", {"a.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100}, [], "Save it as .xlsx"),
    ("no customer", {"a.csv": "order_id,order_date,amount\n1,2024-01-01,5\n"}, [], "--customer COLUMN"),
    ("a damaged letter is not another encoding", {"a.csv": csv_of("1,änn,2024-01-01,5.00", "2,bøb,2024-01-02,6.00", "3,cïd,2024-01-02,6.00").encode() + "4,d\xe4n,2024-01-03,7.00\n".encode("latin-1")}, [],
     {"orders": 4, "said": "UTF-8"}),
    ("the euro of Windows", {"a.csv": csv_of("1;ann;2024-01-01;5,00 €", "2;bob;2024-01-02;6,50 €", head="order_id;customer;order_date;amount\n").encode("cp1252")}, [],
     {"orders": 2, "gross": "11.50", "said": "Windows-1252", "currency": "EUR"}),
    ("an encoding that is said", {"a.csv": csv_of("1,Łukasz,2024-01-01,5.00", "2,Łukasz,2024-01-02,6.00").encode("cp1250")}, ["--encoding", "windows-1250"], {"orders": 2, "customers": 1}),
    # ---- amounts
    ("amounts of every kind", {"a.csv": csv_of('1,ann,2024-01-01,"$1,234.50"', '2,bob,2024-01-02,"(20.00)"', "3,cid,2024-01-03,-5.25", "4,dan,2024-01-04,5.25-", "5,eve,2024-01-05,−7", '6,fay,2024-01-06,"$ -8.00"',
                                               "7,gus,2024-01-07,1 000.00 USD", "8,hal,2024-01-08,1'000.00")}, [],
     {"orders": 3, "gross": "3234.50", "refunds": 5, "refunded": "45.50", "currency": "USD"}),
    ("lakhs", {"a.csv": csv_of('1,ann,2024-01-01,"₹1,23,456.50"', '2,bob,2024-01-02,"₹2,000.00"')}, [], {"gross": "125456.50", "currency": "INR"}),
    ("a comma is decided by the column", {"a.csv": csv_of('1,ann,2024-01-01,"1.234"', '2,bob,2024-01-02,"12,50"')}, [], {"gross": "1246.50"}),
    ("a point that another cell proves", {"a.csv": csv_of("1,ann,2024-01-01,1.234", "2,bob,2024-01-02,12.5")}, [], {"gross": "13.734"}),
    ("no cell tells", {"a.csv": csv_of('1,ann,2024-01-01,"1,234"', '2,bob,2024-01-02,"2,500"')}, [], "--decimal ."),
    ("no cell tells, and the user does", {"a.csv": csv_of('1,ann,2024-01-01,"1,234"', '2,bob,2024-01-02,"2,500"')}, ["--decimal", "."], {"gross": 3734}),
    ("two ways in one column", {"a.csv": csv_of('1,ann,2024-01-01,"1,50"', "2,bob,2024-01-02,1.25")}, [], "written in two ways"),
    ("currencies are not added up", {"a.csv": csv_of("1,ann,2024-01-01,5.00 EUR", "2,bob,2024-01-02,6.00 EUR", "3,cid,2024-01-03,7.00 USD")}, [],
     {"orders": 2, "gross": "11.00", "currency": "EUR", "said": "left out: USD (1 order)"}),
    ("the one that is asked for", {"a.csv": csv_of("1,ann,2024-01-01,5.00,EUR", "2,bob,2024-01-02,6.00,EUR", "3,cid,2024-01-03,7.00,USD", head="order_id,customer,order_date,amount,currency\n")},
     ["--currency", "usd"], {"orders": 1, "gross": "7.00", "currency": "USD"}),
    ("a currency that is none", {"a.csv": csv_of("1,ann,2024-01-01,5.00")}, ["--currency", "XQZ"], "no currency is called XQZ"),
    ("the currency of the column's name", {"a.csv": csv_of("1,ann,2024-01-01,5.00", head="order_id,customer,order_date,Total (CHF)\n")}, [], {"currency": "CHF"}),
    # ---- times
    ("offsets", {"a.csv": csv_of("1,ann,2024-01-01T00:30:00+02:00,5", "2,bob,2024-01-02 10:00:00 -0500,6", "3,cid,2024-01-03T10:00:00Z,7")}, [], {"orders": 3, "first": "2023-12-31"}),
    ("the shop's zone", {"a.csv": csv_of("1,ann,2024-01-01 23:30,5", "2,bob,2024-01-02 10:00,6")}, ["--zone", "America/New_York"], {"first": "2024-01-01", "said": "America/New_York"}),
    ("a zone that is none", {"a.csv": csv_of("1,ann,2024-01-01 23:30,5")}, ["--zone", "+02:00"], "A zone is a place"),
    ("month first", {"a.csv": csv_of("1,ann,01/02/2024,5", "2,bob,01/13/2024 1:05 PM,6")}, [], {"first": "2024-01-02", "last": "2024-01-13"}),
    ("day first", {"a.csv": csv_of("1,ann,01/02/2024,5", "2,bob,13/01/24,6")}, [], {"first": "2024-01-13", "last": "2024-02-01"}),
    ("both in one column", {"a.csv": csv_of("1,ann,31/01/2024,5", "2,bob,01/31/2024,6")}, [], "--dates dmy"),
    ("both, and the user says which", {"a.csv": csv_of("1,ann,31/01/2024,5", "2,bob,01/31/2024,6")}, ["--dates", "mdy"], {"orders": 1, "said": "31/01/2024"}),
    ("each could be the other", {"a.csv": csv_of("1,ann,05/01/2024,5", "2,bob,06/02/2024,6")}, [], {"first": "2024-01-05", "said": "a guess: each could be the other"}),
    ("each could be the other, and the user says which", {"a.csv": csv_of("1,ann,05/01/2024,5", "2,bob,06/02/2024,6")}, ["--dates", "mdy"], {"first": "2024-05-01"}),
    ("names of months", {"a.csv": csv_of('1,ann,"Sep 5, 2024",5', '2,bob,"March 1, 2025 3:15 PM",6')}, [], {"first": "2024-09-05", "last": "2025-03-01"}),
    ("German", {"a.csv": csv_of("1,ann,5. März 2024,5", "2,bob,24. Dez. 2024 10:00 Uhr,6")}, [], {"first": "2024-03-05", "last": "2024-12-24"}),
    ("French", {"a.csv": csv_of("1,ann,5 février 2024,5", "2,bob,1er août 2024,6")}, [], {"first": "2024-02-05", "last": "2024-08-01"}),
    ("Spanish", {"a.csv": csv_of("1,ann,5 de enero de 2024,5", "2,bob,7 dic 2024,6")}, [], {"first": "2024-01-05", "last": "2024-12-07"}),
    ("Portuguese", {"a.csv": csv_of("1,ann,5 de março de 2024,5", "2,bob,7 de dezembro de 2024,6")}, [], {"first": "2024-03-05", "last": "2024-12-07"}),
    ("as mail writes it", {"a.csv": csv_of('1,ann,"Thu, 05 Sep 2024 23:12:09 +0000",5', '2,bob,"Fri, 06 Sep 2024 23:12:09 +0000",6')}, [], {"first": "2024-09-05"}),
    ("without signs", {"a.csv": csv_of("1,ann,20240105,5", "2,bob,20240207,6")}, [], {"first": "2024-01-05", "last": "2024-02-07"}),
    ("a day of zeros is no time", {"a.csv": csv_of("1,ann,2024-01-05,5", "2,bob,0000-00-00,6")}, [], {"orders": 1, "said": "no time"}),
    # ---- which column is what
    ("German names", {"a.csv": csv_of("1;a@x.de;01.02.2024;5,00;bezahlt", "2;A@X.de;02.02.2024;6,00;storniert", "3;b@x.de;28.02.2024;7,00;bezahlt", head="Bestellnummer;E-Mail-Adresse;Bestelldatum;Gesamtbetrag;Zahlungsstatus\n")}, [],
     {"orders": 2, "customers": 2, "gross": "12.00"}),
    ("French names", {"a.csv": csv_of("1;a@x.fr;01/02/2024;5,00;payée", "2;A@X.fr;22/02/2024;6,00;annulée", head="N° de commande;Courriel;Date de commande;Montant total;Statut\n")}, [], {"orders": 1, "gross": "5.00"}),
    ("Spanish names", {"a.csv": csv_of("1;a@x.es;01/02/2024;5,00;pagado", "2;A@X.es;22/02/2024;6,00;cancelado", head="Nº de pedido;Correo electrónico;Fecha de pedido;Importe total;Estado\n")}, [], {"orders": 1, "gross": "5.00"}),
    ("Portuguese names", {"a.csv": csv_of("1;a@x.pt;01/02/2024;5,00;pago", "2;A@X.pt;22/02/2024;6,00;cancelado", head="Número do pedido;E-mail do cliente;Data do pedido;Valor total;Situação\n")}, [], {"orders": 1, "gross": "5.00"}),
    ("guests are nobody, and mail has no case", {"a.csv": csv_of("1,Ann@X.com,2024-01-01,5", "2,ann@x.com,2024-01-02,6", "3,0,2024-01-03,7", "4,,2024-01-04,8", "5,guest,2024-01-05,9")}, [],
     {"orders": 5, "customers": 1, "said": "3 orders of guests"}),
    ("5033.0 is 5033", {"a.csv": csv_of("1,5033.0,2024-01-01,5", "2,,2024-01-02,6"), "b.csv": csv_of("3,5033,2024-02-01,5")}, [], {"customers": 1}),
    ("a column by its name", {"a.csv": csv_of("1,ann,2024-01-01,5,50", head="order_id,customer,order_date,amount,Paid by card\n")}, ["--amount", "paid BY card"], {"gross": 50}),
    ("a column that isn't there", {"a.csv": csv_of("1,ann,2024-01-01,5")}, ["--amount", "Betrag"], 'has no column "Betrag"'),
    ("an expression", {"a.csv": csv_of('1,ann,2024-01-01,"1.000,50",2', head="order_id,customer,order_date,Unit Price,Qty\n")}, ["--amount", '"Unit Price" * qty'], {"gross": "2001.00"}),
    ("price and quantity", {"a.csv": csv_of("1,ann,2024-01-01,5.50,2", "1,ann,2024-01-01,1.00,3", "2,ann,2024-01-02,1.00,-3", head="order_id,customer,order_date,Unit Price,Quantity\n")}, [],
     {"orders": 1, "gross": "14.00", "refunds": 1, "refunded": "3.00"}),
    ("only some rows", {"a.csv": csv_of("1,ann,2024-01-01,5,web", "2,bob,2024-01-02,6,shop", head="order_id,customer,order_date,amount,channel\n")}, ["--where", "channel = 'web'"], {"orders": 1, "gross": 5, "said": "not wanted"}),
    ("not a word to psql", {"a.csv": csv_of("1,ann,2024-01-01,5")}, ["--amount", "amount \\! true"], "one expression"),
    ("not more than an expression", {"a.csv": csv_of("1,ann,2024-01-01,5")}, ["--amount", "amount; DROP TABLE x"], "one expression"),
    ("a hostile header", {"a.csv": csv_of("1,ann,2024-01-01,5,1", head="order_id,customer,order_date,amount,\"a\"\"b'; \\\\ :x\"\n")}, ["--amount", "\"a\"\"b'; \\\\ :x\" + amount"], {"gross": 6}),
    ("a line of \\. in a cell", {"a.csv": csv_of('1,"ann\n\\.\nbob",2024-01-01,5', "2,cid,2024-01-02,6")}, [], {"orders": 2, "customers": 2}),
    ("a hostile customer", {"a.csv": csv_of("1,\\N,2024-01-01,5", "2,'; DROP TABLE x; --,2024-01-01,5", "3,\\.,2024-01-02,5", "4,\x1b[31mred,2024-01-03,5", "5,nul\0,2024-01-03,5")}, [], {"orders": 5, "customers": 4}),
    # ---- which rows are orders, and what was given back
    ("paid or not", {"a.csv": csv_of("1,ann,2024-01-01,5,yes", "2,bob,2024-01-02,6,no", head="order_id,customer,order_date,amount,paid\n")}, [], {"orders": 1, "gross": 5}),
    ("statuses that are said", {"a.csv": csv_of("1,ann,2024-01-01,5,done", "2,bob,2024-01-02,6,odd", "3,cid,2024-01-03,7,odd", head="order_id,customer,order_date,amount,status\n")}, ["--status", "done"], {"orders": 1, "said": "odd (2)"}),
    ("a status of another column", {"a.csv": csv_of("1,ann,2024-01-01,5,done,yes", "2,bob,2024-01-02,6,done,no", head="order_id,customer,order_date,amount,status,Really\n")}, ["--status", "really: yes"], {"orders": 1, "gross": 5}),
    ("no status counts", {"a.csv": csv_of("1,ann,2024-01-01,5,void", "2,bob,2024-01-02,6,odd", head="order_id,customer,order_date,amount,status\n")}, ["--status", "none"], {"orders": 2}),
    ("refunds at their time", {"a.csv": csv_of("1,ann,2024-01-01,5,2.50,2024-03-01", "2,bob,2024-01-02,6,,", head="order_id,customer,order_date,amount,refunded amount,refunded at\n")}, [],
     {"orders": 2, "refunds": 1, "refunded": "2.50", "last": "2024-03-01"}),
    ("a status that gives all back", {"a.csv": csv_of("1,ann,2024-01-01,5,paid", "2,bob,2024-01-02,6,refunded", head="order_id,customer,order_date,amount,status\n")}, [], {"orders": 2, "refunded": 6}),
    ("cancelled and never paid back", {"a.csv": SHOPIFY + "#1,a@x,paid,2024-01-01 10:00:00 +0100,EUR,10.00,0.00,Cup,2024-01-02 10:00:00 +0100,DE\n#2,b@x,refunded,2024-01-01 10:00:00 +0100,EUR,11.00,11.00,Cup,2024-01-02 10:00:00 +0100,DE\n"
      "#3,c@x,paid,2024-01-01 10:00:00 +0100,EUR,12.00,0.00,Cup,,DE\n#3,,,,,,,Pot,,\n"}, [], {"orders": 2, "gross": "23.00", "refunded": "11.00", "said": "cancelled"}),
    # ---- orders that stand twice
    ("the same row twice", {"a.csv": csv_of("1,ann,2024-01-01,5", "1,ann,2024-01-01,5", "2,bob,2024-01-02,6")}, [], {"orders": 2, "gross": 11, "said": "counted once"}),
    ("the same row twice, as lines", {"a.csv": csv_of("1,ann,2024-01-01,5", "1,ann,2024-01-01,5", "2,bob,2024-01-02,6")}, ["--per", "line"], {"orders": 2, "gross": 16}),
    ("lines are added up", {"a.csv": csv_of("1,ann,2024-01-01,5,cup", "1,ann,2024-01-01,7,pot", "2,bob,2024-01-02,6,pot", head="order_id,customer,order_date,amount,product\n")}, [], {"orders": 2, "gross": 18}),
    ("a total on each line", {"a.csv": csv_of(*(f"{i},c{i},2024-01-0{i},{i}.50,{p}" for i in (1, 2, 3) for p in ("cup", "pot")), head="order_id,customer,order_date,total,product\n")}, [], {"orders": 3, "gross": "7.50"}),
    ("a total beside a price and a quantity is the line's, or not", {"a.csv": csv_of(*(f"{i},c{i},2024-01-0{i},{i}.50,1,{i}.50,{p}" for i in (1, 2, 3) for p in ("cup", "pot")), head="order_id,customer,order_date,price,quantity,total,product\n")}, [], "--per line"),
    ("rows of one order that are alike, and nothing tells", {"a.csv": csv_of("1,ann,2024-01-01,5,cup", "1,ann,2024-01-01,5,pot", "2,bob,2024-01-02,6,pot", head="order_id,customer,order_date,amount,product\n")}, [], "--per line"),
    ("they are lines, says the user", {"a.csv": csv_of("1,ann,2024-01-01,5,cup", "1,ann,2024-01-01,5,pot", "2,bob,2024-01-02,6,pot", head="order_id,customer,order_date,amount,product\n")}, ["--per", "line"], {"orders": 2, "gross": 16}),
    ("one number on two platforms", {"a.csv": csv_of("1001,ann@x,2024-01-01,5"), "b.csv": SHOPIFY + "1001,bob@x,paid,2024-01-01 10:00:00 +0100,EUR,10.00,0.00,Cup,,DE\n"}, [], {"orders": 2, "customers": 2, "gross": 15}),
    ("an expression over files whose columns are in another order", {"a.csv": csv_of("1,ann,2024-01-01,5,2", head="order_id,customer,order_date,net,tax\n"), "b.csv": csv_of("2,bob,2024-01-02,3,7", head="order_id,customer,order_date,TAX,Net\n")},
     ["--amount", "net + 10 * tax"], {"orders": 2, "gross": 62}),
    ("months that overlap", {"jan.csv": csv_of("1,ann,2024-01-01,5", "2,bob,2024-01-31,6"), "feb.csv": csv_of("2,bob,2024-01-31,7", "3,cid,2024-02-01,8")}, [], {"orders": 3, "gross": 20, "said": "1 order stands in several files"}),
    ("months that overlap, without numbers", {"jan.csv": csv_of("ann,2024-01-01,5", "ann,2024-01-01,5", "bob,2024-01-31,6", head="customer,date,amount\n"),
                                              "feb.csv": csv_of("bob,2024-01-31,6", "bob,2024-02-01,6", head="customer,date,amount\n")}, [], {"orders": 4, "gross": 22}),
    ("the next month tells what is a day", {"jan.csv": csv_of("1,ann,05/01/2024,5"), "feb.csv": csv_of("2,bob,25/02/2024,6")}, [], {"first": "2024-01-05"}),
    # ---- platforms of which there is no file in the folder of layouts
    ("Square", {"a.csv": SQUARE + "01/31/2024,22:30:00,Eastern Time (US & Canada),$10.00,$9.00,$10.80,Payment,Complete,T1,C1,Ann\n02/01/2024,09:00:00,Eastern Time (US & Canada),-$4.00,-$4.00,-$4.32,Refund,Complete,T2,C1,Ann\n"
                "02/02/2024,09:00:00,Eastern Time (US & Canada),$5.00,$5.00,$5.40,Payment,Complete,T3,,\n"}, [], {"orders": 2, "customers": 1, "gross": "16.20", "refunded": "4.32", "first": "2024-01-31", "said": "America/New_York"}),
    ("PayPal", {"a.csv": PAYPAL + '31/01/2024,22:30:00,GMT,Ann,Website Payment,Completed,GBP,"1,010.00",-0.50,"1,009.50",a@x,shop@x,T1\n01/02/2024,10:00:00,GMT,Ann,Payment Refund,Completed,GBP,-10.00,0.50,-9.50,shop@x,a@x,T2\n'
                "02/02/2024,10:00:00,GMT,,Bank withdrawal,Completed,GBP,-990.00,0.00,-990.00,shop@x,,T3\n"}, [], {"orders": 1, "customers": 1, "gross": "1010.00", "refunds": 1, "refunded": "10.00", "currency": "GBP"}),
    ("PayPal in German", {"a.csv": PAYPAL_DE + "31.01.2024;22:30:00;CET;Ann;Website-Zahlung;Abgeschlossen;EUR;1.010,00;-0,50;1.009,50;a@x;shop@x;T1\n01.02.2024;10:00:00;CET;Ann;Rückzahlung;Abgeschlossen;EUR;-10,00;0,50;-9,50;shop@x;a@x;T2\n"}, [],
     {"orders": 1, "customers": 1, "gross": "1010.00", "refunded": "10.00", "said": "Europe/Berlin"}),
    ("PayPal's next month tells what is a day", {"a.csv": PAYPAL + "05/02/2024,22:30:00,GMT,Ann,Website Payment,Completed,GBP,10.00,-0.50,9.50,a@x,shop@x,T1\n", "b.csv": PAYPAL + "03/25/2024,22:30:00,GMT,Ann,Website Payment,Completed,GBP,10.00,-0.50,9.50,a@x,shop@x,T2\n"}, [],
     {"orders": 2, "first": "2024-03-25", "last": "2024-05-02"}),
    ("Etsy", {"a.csv": "Sale Date,Order ID,Buyer User ID,Full Name,Ship Country,Currency,Order Value,Order Total,Status,SKU\n01/05/24,11,ann1,Ann,Germany,EUR,10.00,12.00,Paid,CUP\n01/25/24,12,ann1,Ann,Germany,EUR,10.00,13.00,Canceled,CUP\n"}, [],
     {"orders": 1, "gross": "12.00", "first": "2024-01-05"}),
    ("WooCommerce in German", {"a.csv": 'Datum,Bestellnr.,N. Umsatz,Status,Kunde,Kundentyp,Produkt(e)\n2024-01-05 10:00:00,1,10.00,abgeschlossen,Ann,neu,Tasse\n2024-01-06 10:00:00,2,11.00,storniert,Bob,neu,Tasse\n2024-01-07 10:00:00,3,12.00,erstattet,Cid,neu,Tasse\n'}, [],
     {"orders": 2, "gross": "22.00", "refunded": "12.00"}),
    ("Amazon without a buyer", {"a.txt": "amazon-order-id\tpurchase-date\torder-status\titem-status\tcurrency\titem-price\titem-tax\n1\t2024-01-05T10:00:00+00:00\tShipped\tShipped\tUSD\t10.00\t0.80\n"}, [], "does not say who bought"),
    ("Amazon's taxes and promotions", {"a.txt": "amazon-order-id\tpurchase-date\torder-status\titem-status\tcurrency\titem-price\titem-tax\titem-promotion-discount\tbuyer-email\n1\t2024-01-05T10:00:00+00:00\tShipped\tShipped\tUSD\t10.00\t0.80\t-2.00\ta@x\n"
                                       "1\t2024-01-05T10:00:00+00:00\tShipped\tCancelled\tUSD\t5.00\t0.40\t\ta@x\n"}, [], {"orders": 1, "gross": "8.80"}),
]
