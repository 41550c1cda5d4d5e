// node report.js <ANSWERS >page.html
//
// Makes the page of what src/data/shop.json.sh prints as one file that holds all
// that it shows, and asks nothing of the network: src/page.js with the charts and all
// that they need, bundled by esbuild, and the answers.

import {createHash} from "node:crypto";
import {readFileSync} from "node:fs";
import {fileURLToPath} from "node:url";
import {build} from "esbuild";

const source = (name) => fileURLToPath(new URL(`src/${name}`, import.meta.url));

async function bundle(options) {
  const {outputFiles} = await build({bundle: true, minify: true, write: false, logLevel: "error", ...options});
  return outputFiles[0].text;
}

// A customer's name may not end the element that it stands in; esbuild sees to the script.
const answers = JSON.stringify(JSON.parse(readFileSync(0, "utf8"))).replaceAll("<", "\\u003c");
const style = await bundle({entryPoints: [source("page.css")]});
const script = await bundle({
  stdin: {
    contents: 'import {page} from "./page.js"; document.body.append(page(JSON.parse(document.getElementById("answers").textContent)));',
    resolveDir: source(".")
  },
  format: "iife"
});
const hash = createHash("sha256").update(script).digest("base64");

process.stdout.write(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="retention dev/demo">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>How the shop is doing</title>
<style>${style}</style>
</head>
<body>
<!-- The charts are drawn by Observable Plot (copyright 2020-2023 Observable, Inc.) and D3 (copyright 2010-2023 Mike Bostock), both under the ISC License. -->
<noscript>This page draws its charts when it is opened, and needs JavaScript for that.</noscript>
<script type="application/json" id="answers">${answers}</script>
<script>${script}</script>
</body>
</html>
`);
