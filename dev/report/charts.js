// The charts: data in, SVG out. Each is drawn twice, for a sheet of paper and
// for a phone, as letters of a picture that is scaled down can't be read.

import * as vega from 'vega';
import { compile } from 'vega-lite';
import { number, percent, period as periodName } from './format.js';

const blue = '#2f6db5', orange = '#e8963a', grey = '#9aa5b1', ink = '#2a2f36', faint = '#e3e7ec';
const widths = { wide: 700, narrow: 340 };

const config = {
    aria: false, // the figure has its caption; a label for each mark would be most of the file
    background: null,
    padding: 2,
    font: 'system-ui, sans-serif',
    view: { stroke: null },
    axis: {
        domain: false, ticks: false, gridColor: faint, labelColor: ink, titleColor: ink, labelFontSize: 12, titleFontSize: 12,
        titleFontWeight: 'normal', labelPadding: 6, titlePadding: 8, labelLimit: 200,
    },
    legend: {
        orient: 'top', title: null, labelFontSize: 12, labelColor: ink, titleColor: ink, titleFontSize: 12, titleFontWeight: 'normal', titleLimit: 300,
        symbolType: 'square', offset: 8, labelLimit: 260,
    },
};

let drawn = 0;

async function draw(spec) {
    const view = new vega.View(vega.parse(compile({ ...spec, config }).spec), { renderer: 'none' });
    const svg = await view.toSVG();
    view.finalize();
    // All pictures of a page share their names: those of vega are the same in each.
    const mine = `r${++drawn}-`;
    return svg.replace(/\b(id="|url\(#)(clip|gradient_)/g, `$1${mine}$2`)
        .replace('<svg ', '<svg aria-hidden="true" ');
}

// The pictures of specification(width), narrow being whether it's for a phone.
export async function chart(specification) {
    let html = '';
    for (const [size, width] of Object.entries(widths)) {
        let specs = specification(width, size === 'narrow');
        if (!Array.isArray(specs)) specs = [specs];
        const pictures = [];
        for (const spec of specs) pictures.push(await draw(spec));
        html += `<div class="${size}">${pictures.join('\n')}</div>\n`;
    }
    return html;
}

const margin = 62; // of the vertical axis, so that charts below each other agree
const valueAxis = { minExtent: margin - 12, maxExtent: margin - 12, tickCount: 4, title: null };
// As in the text beside the charts: 20 %, of which no rounding leaves 7.000000000000001.
const percentLabel = "format(100 * datum.value, '.3~r') + '\u00a0%'";
const percentAxis = { ...valueAxis, labelExpr: percentLabel };

// An axis of shares that begins at 0; one from 0 to 0 would have no numbers.
function fromZero(rows, column) {
    return { domain: [0, Math.max(0.01, ...rows.map(row => row[column]))], nice: true };
}

// Of so many labels as fit, the last one is the one of most interest.
function spaced(labels, width, each) {
    const step = Math.ceil(labels.length * each / width);
    return labels.filter((_, i) => (labels.length - 1 - i) % step === 0);
}

function periodAxis(labels, width) {
    return {
        field: 'label', type: 'ordinal', sort: null, scale: { type: 'band', domain: labels, paddingInner: 0.15, paddingOuter: 0.1 },
        axis: { title: null, grid: false, labelAngle: 0, values: spaced(labels, width, 78) },
    };
}

export function revenueByPeriod(rows, kind) {
    const labels = rows.map(row => periodName(row.period_start, kind));
    const sources = [['returning customers', 'returning_revenue', blue], ['new customers', 'new_revenue', orange], ['guests', 'guest_revenue', grey]]
        .filter(([, column]) => column !== 'guest_revenue' || rows.some(row => row[column]));
    const values = rows.flatMap((row, i) => sources.map(([source, column], position) =>
        ({ label: labels[i], source, position, revenue: row[column], complete: row.is_complete })));
    return (width, narrow) => ({
        data: { values }, width: Math.min(width - margin, 90 * labels.length), height: narrow ? 180 : 240,
        mark: { type: 'bar' },
        encoding: {
            x: periodAxis(labels, width - margin),
            y: { field: 'revenue', type: 'quantitative', stack: 'zero', axis: { ...valueAxis, format: '~s' } },
            color: { field: 'source', type: 'nominal', scale: { domain: sources.map(s => s[0]), range: sources.map(s => s[2]) },
                legend: { columns: narrow ? 2 : 3 } },
            order: { field: 'position', type: 'quantitative' },
            opacity: { condition: { test: 'datum.complete', value: 1 }, value: 0.45 },
        },
    });
}

// Without a point where it's the rate of fewer than so many customers; the line breaks there.
export function trailingRepeatRate(rows, kind, fewest) {
    const labels = rows.map(row => periodName(row.period_start, kind));
    const values = rows.map((row, i) => ({ label: labels[i],
        rate: row.trailing_12_months_customers >= fewest ? row.trailing_12_months_repeat_rate : null }));
    return (width, narrow) => ({
        data: { values }, width: Math.min(width - margin, 90 * labels.length), height: narrow ? 90 : 110,
        mark: { type: 'line', color: ink, strokeWidth: 2, point: { filled: true, size: 28, color: ink } },
        encoding: {
            x: periodAxis(labels, width - margin),
            y: { field: 'rate', type: 'quantitative', scale: fromZero(values, 'rate'), axis: { ...percentAxis, tickCount: 3 } },
        },
    });
}

// cells: of the periods after a cohort's own.
export function cohorts(cells, kind) {
    const names = new Map(), indexes = new Set();
    for (const cell of cells) {
        names.set(cell.cohort, `${periodName(cell.cohort, kind)} · ${number(cell.cohort_size)}`);
        indexes.add(cell.period_index);
    }
    const domain = [...indexes].sort((a, b) => a - b);
    // One small cohort of which all came back must not make all others pale.
    const large = cells.filter(cell => cell.is_complete && cell.cohort_size >= 10);
    const shares = (large.length > 0 ? large : cells).map(cell => cell.retention).sort((a, b) => a - b);
    const top = shares[Math.floor(shares.length * 0.98)] || 1;
    const values = cells.map(cell => {
        const share = 100 * cell.retention;
        return {
            cohort: names.get(cell.cohort), index: cell.period_index, share: Math.min(cell.retention, top), complete: cell.is_complete,
            text: share > 0 && share < 0.5 ? '<1' : share.toFixed(0), dark: cell.is_complete && cell.retention > 0.55 * top,
        };
    });
    return (width, narrow) => {
        const cohortMargin = narrow ? 112 : 128;
        const inner = Math.min(width - cohortMargin, 44 * domain.length);
        const step = inner / domain.length;
        const x = {
            field: 'index', type: 'ordinal', scale: { domain, padding: 0 },
            axis: { orient: 'top', grid: false, labelAngle: 0, title: `${kind}s since the first order`,
                values: step >= 16 ? domain : domain.filter(i => i % (narrow ? 6 : 3) === 0) },
        };
        const y = {
            field: 'cohort', type: 'ordinal', sort: null, scale: { domain: [...names.values()], padding: 0 },
            axis: { grid: false, title: null, labelFontSize: narrow ? 11 : 12, minExtent: cohortMargin - 8, maxExtent: cohortMargin - 8 },
        };
        return {
            data: { values }, width: inner, height: { step: narrow ? 16 : 19 },
            encoding: { x, y },
            layer: [{
                mark: { type: 'rect', stroke: 'white', strokeWidth: 1 },
                encoding: {
                    color: { field: 'share', type: 'quantitative', scale: { domain: [0, top], range: ['#eff5fb', '#9cc3e8', '#2f6db5', '#143f73'] },
                        legend: { labelExpr: percentLabel, gradientLength: 200, tickCount: 3, orient: 'bottom',
                            direction: 'horizontal', title: 'share that ordered' } },
                    opacity: { condition: { test: 'datum.complete', value: 1 }, value: 0.4 },
                },
            }, ...(step < 17 ? [] : [{
                mark: { type: 'text', fontSize: step < 22 ? 9.5 : 11 },
                encoding: {
                    text: { field: 'text' },
                    color: { condition: { test: 'datum.dark', value: 'white' }, value: ink },
                    opacity: { condition: { test: 'datum.complete', value: 1 }, value: 0.8 },
                },
            }])],
        };
    };
}

export function repeatCurve(rows) {
    const last = rows[rows.length - 1].days;
    const labelled = rows.filter(row => [30, 90, 180, 365].includes(row.days)).map(row => ({ ...row, label: percent(row.rate) }));
    const ticks = [30, 60, 90, 180, 270, 365].filter(day => day <= last);
    return (width, narrow) => ({
        data: { values: rows }, width: width - margin, height: narrow ? 180 : 240,
        encoding: {
            x: { field: 'days', type: 'quantitative', scale: { domain: [0, Math.max(last, 2)], nice: false },
                axis: { title: 'days since the first order', ...(ticks.length > 1 && { values: ticks }), grid: true, format: 'd' } },
        },
        layer: [
            { mark: { type: 'area', color: blue, opacity: 0.22 },
                encoding: { y: { field: 'lower', type: 'quantitative', axis: percentAxis, scale: fromZero(rows, 'upper') }, y2: { field: 'upper' } } },
            { mark: { type: 'line', color: blue, strokeWidth: 2.5, ...(rows.length === 1 && { point: true }) },
                encoding: { y: { field: 'rate', type: 'quantitative' } } },
            { data: { values: labelled }, mark: { type: 'point', filled: true, size: 45, color: ink, opacity: 1 },
                encoding: { y: { field: 'rate', type: 'quantitative' } } },
            { data: { values: narrow ? labelled.slice(1) : labelled }, mark: { type: 'text', align: 'right', baseline: 'bottom', dx: -2, dy: -9, fontSize: 13, color: ink },
                encoding: { y: { field: 'rate', type: 'quantitative' }, text: { field: 'label' } } },
        ],
    });
}

export function segments(rows) {
    const measures = [['share of customers', 'share_of_customers', grey], ['share of revenue', 'share_of_revenue', blue]]
        .filter(([, column]) => rows.some(row => row[column] !== null));
    const values = rows.flatMap(row => measures.map(([measure, column]) => ({ segment: row.segment, measure, share: row[column] })));
    return (width, narrow) => ({
        data: { values }, width: width - (narrow ? 128 : 148), height: { step: narrow ? 11 : 12 },
        mark: { type: 'bar' },
        encoding: {
            y: { field: 'segment', type: 'nominal', sort: null, scale: { paddingInner: 0.3 },
                axis: { grid: false, title: null, minExtent: narrow ? 118 : 138, maxExtent: narrow ? 118 : 138 } },
            yOffset: { field: 'measure', sort: null },
            x: { field: 'share', type: 'quantitative', axis: { title: null, labelExpr: percentLabel, tickCount: narrow ? 4 : 8 } },
            color: { field: 'measure', type: 'nominal', scale: { domain: measures.map(m => m[0]), range: measures.map(m => m[2]) },
                legend: { columns: narrow ? 1 : 2 } },
        },
    });
}

// label: what stands at the best 20 %.
export function concentration(rows, label) {
    const values = [{ share_of_customers: 0, share_of_revenue: 0 }, ...rows];
    const at = rows.filter(row => row.percentile === 20);
    const top = Math.max(1, ...rows.map(row => row.share_of_revenue));
    return (width, narrow) => ({
        width: Math.min(width - margin, 520), height: narrow ? 220 : 300,
        encoding: {
            x: { field: 'share_of_customers', type: 'quantitative', scale: { domain: [0, 1] },
                axis: { title: 'of the customers, the best first', labelExpr: percentLabel, tickCount: 5 } },
            y: { field: 'share_of_revenue', type: 'quantitative', scale: { domain: [0, top], nice: false },
                axis: { ...percentAxis, title: 'of the revenue', minExtent: 40, maxExtent: 40, tickCount: 5 } },
        },
        layer: [
            { data: { values: [{ share_of_customers: 0, share_of_revenue: 0 }, { share_of_customers: 1, share_of_revenue: 1 }] },
                mark: { type: 'line', color: grey, strokeDash: [4, 4] } },
            { data: { values }, mark: { type: 'area', color: blue, opacity: 0.12 } },
            { data: { values }, mark: { type: 'line', color: blue, strokeWidth: 2.5 } },
            { data: { values: at }, mark: { type: 'rule', color: ink, strokeDash: [2, 3] }, encoding: { y2: { datum: 0 } } },
            { data: { values: at }, mark: { type: 'point', filled: true, size: 70, color: ink, opacity: 1 } },
            // At the foot of its line: the only place that neither the curve nor the dashed line can cross, whatever the shares.
            { data: { values: at }, mark: { type: 'text', align: 'left', baseline: 'bottom', dx: 7, dy: -3, fontSize: 13, color: ink },
                encoding: { y: { datum: 0 }, text: { value: label } } },
        ],
    });
}
