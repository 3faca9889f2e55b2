"""The style sheet of the HTML report."""

CSS = """
:root {
  color-scheme: light dark;
  --paper: #ffffff; --panel: #f5f6f8; --line: #cfd4da; --ink: #1b1f24; --soft: #57606a;
  --good: #116329; --good-paper: #dafbe1; --bad: #a40e26; --bad-paper: #ffebe9;
  --warn: #7a4b00; --warn-paper: #fff3cf; --info: #0a53a8; --info-paper: #e0efff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171c; --panel: #1d2229; --line: #414a55; --ink: #e4e8ed; --soft: #a2acb8;
    --good: #6fdd8b; --good-paper: #12331c; --bad: #ff938a; --bad-paper: #481a1a;
    --warn: #f2c14e; --warn-paper: #3a2d0c; --info: #80bcff; --info-paper: #12304f;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1rem; max-width: 84rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 1.6rem; margin: 0 0 .5rem; }
h2 { font-size: 1.25rem; margin: 2rem 0 .75rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.25rem 0 .5rem; }
h4 { font-size: 1rem; margin: 0 0 .5rem; }
a { color: var(--info); }
code, pre { font: .85rem/1.45 ui-monospace, SFMono-Regular, Consolas, monospace; unicode-bidi: isolate; }
code { white-space: pre-wrap; tab-size: 4; }
pre {
  margin: .35rem 0; padding: .5rem .75rem; overflow-x: auto; overflow-wrap: normal; tab-size: 4;
  background: var(--panel); border: 1px solid var(--line); border-radius: 4px;
}
pre code { white-space: pre; }
:focus-visible { outline: 2px solid var(--info); outline-offset: 2px; }
summary { cursor: pointer; padding: .4rem .6rem; }
summary > h3, summary > h4 { display: inline; }
details.file, details.case, article { margin: .5rem 0; border: 1px solid var(--line); border-radius: 4px; }
details.file > :not(summary), details.case > :not(summary) { margin-left: .75rem; margin-right: .75rem; }
article { padding: .75rem; border-left: 4px solid var(--bad); }
.badge { display: inline-block; padding: 0 .45rem; border-radius: 4px; font-size: .85rem; background: var(--panel); }
.good { color: var(--good); } .bad { color: var(--bad); }
.badge.bad { background: var(--bad-paper); } .badge.review { background: var(--warn-paper); color: var(--warn); }
.badge.rewrite { background: var(--good-paper); color: var(--good); }
.badge.note { background: var(--info-paper); color: var(--info); }
.verdict { font-weight: 600; }
.soft { color: var(--soft); font-size: .9rem; }
.tiles { display: flex; flex-wrap: wrap; gap: .5rem; margin: .75rem 0; }
.tiles > div { padding: .3rem .75rem; background: var(--panel); border: 1px solid var(--line); border-radius: 4px; }
.tiles dt { font-size: .85rem; color: var(--soft); }
.tiles dd { margin: 0; font-size: 1.1rem; font-weight: 600; }
dl:not(.tiles) { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: .35rem .6rem; }
dl:not(.tiles) dd { margin: 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; overflow-wrap: normal; }
caption { text-align: left; padding: .25rem 0; color: var(--soft); }
th, td { padding: .3rem .45rem; border: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { background: var(--panel); vertical-align: bottom; }
th.call { font-weight: inherit; min-width: min(20rem, 55vw); max-width: 34rem; overflow-wrap: anywhere; }
th.call > code:first-child { display: block; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.bad { background: var(--bad-paper); font-weight: 600; }
td.verdict { white-space: nowrap; }
ul.plain { list-style: none; margin: 0; padding: 0; }
ul.findings > li { margin: .75rem 0; padding-left: .6rem; border-left: 3px solid var(--line); }
ul.findings p { margin: 0; }
ul.findings pre { max-height: 24rem; }
.diff code { display: block; width: max-content; min-width: 100%; }
.diff span, ins, del { display: block; text-decoration: none; }
.diff .add, ins { background: var(--good-paper); } .diff .remove, del { background: var(--bad-paper); }
ins, del { padding-left: 1.25rem; } ins::before, del::before { float: left; margin-left: -1.25rem; }
ins::before { content: "+"; } del::before { content: "−"; }
.diff .hunk { color: var(--info); } .diff .head { font-weight: 600; }
.snippet code { user-select: all; -webkit-user-select: all; }
figure { margin: 0; }
svg { display: block; width: 100%; min-width: 26rem; max-width: 54rem; height: auto; font: 11px system-ui, sans-serif; }
svg text { fill: var(--ink); } svg .name { fill: var(--soft); }
svg .frame { fill: none; stroke: var(--line); }
svg .grid { stroke: var(--line); stroke-width: .5; } svg .lane { stroke: var(--soft); stroke-dasharray: 2 3; }
svg .bound { fill: none; stroke: var(--ink); stroke-width: 1.5; }
svg .pass { fill: var(--info); fill-opacity: .3; stroke: var(--info); }
svg .fail { fill: var(--bad); stroke: var(--paper); stroke-width: .75; }
svg :is(.pass, .fail):hover { stroke: var(--ink); stroke-width: 2; }
footer { margin-top: 2.5rem; border-top: 1px solid var(--line); }
@media print {
  :root {
    --paper: #ffffff; --panel: #ffffff; --line: #999999; --ink: #000000; --soft: #444444;
    --good: #0b4d1f; --good-paper: #e8f8ec; --bad: #8a0b1f; --bad-paper: #fdecea;
    --warn: #5c3900; --warn-paper: #fff6dd; --info: #083f80; --info-paper: #ecf4ff;
  }
  body { max-width: none; padding: 0; font-size: 10pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  /* What is folded away on a screen could not be unfolded on paper, nor scrolled. */
  details::details-content { content-visibility: visible; block-size: auto; }
  pre code, .diff code { white-space: pre-wrap; width: auto; overflow-wrap: anywhere; }
  pre, .scroll { overflow: visible; max-height: none !important; }
  table, table :is(code, .soft) { font-size: 6.5pt; } th, td { padding: 1.5pt; } th.call { min-width: 4.5cm; }
  svg { min-width: 0; } tr, li, svg { break-inside: avoid; }
  nav { display: none; }
}
"""
