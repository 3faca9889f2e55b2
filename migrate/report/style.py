"""The style sheet of the HTML report."""

CSS = """
:root {
  color-scheme: light dark;
  --paper: #ffffff; --panel: #f5f6f8; --line: #cfd4da; --ink: #1b1f24; --soft: #57606a;
  --good: #116329; --good-paper: #dafbe1; --bad: #a40e26; --bad-paper: #ffebe9;
  --warn: #7a4b00; --warn-paper: #fff3cf; --info: #0a53a8; --info-paper: #e0efff;
  --keyword: #8b1a6b; --string: #0b5345; --name: #5a32a3;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171c; --panel: #1d2229; --line: #414a55; --ink: #e4e8ed; --soft: #a2acb8;
    --good: #6fdd8b; --good-paper: #12331c; --bad: #ff938a; --bad-paper: #481a1a;
    --warn: #f2c14e; --warn-paper: #3a2d0c; --info: #80bcff; --info-paper: #12304f;
    --keyword: #ff9ddb; --string: #8fd6b4; --name: #c8a8ff;
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
.badge.warning { color: var(--name); box-shadow: inset 0 0 0 1px; }
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
th, td { padding: .3rem .45rem; border: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { background: var(--panel); vertical-align: bottom; }
th.call { font-weight: inherit; min-width: min(20rem, 55vw); max-width: 34rem; overflow-wrap: anywhere; }
th.call > code:first-child { display: block; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.bad { background: var(--bad-paper); font-weight: 600; }
td.verdict { white-space: nowrap; }
ul.plain { list-style: none; margin: 0; padding: 0; }
.excerpt { margin: .75rem 0; border: 1px solid var(--line); border-radius: 4px; overflow: hidden; }
.line { display: grid; grid-template-columns: 3.2em 3.2em 1.2em 1fr; }
.line, .line code { font: .85rem/1.45 ui-monospace, SFMono-Regular, Consolas, monospace; }
.line code { overflow-wrap: anywhere; padding-right: .5rem; }
.line .number { text-align: right; padding-right: .4em; color: var(--soft); background: var(--panel); }
.line .number, .line .sign { user-select: none; -webkit-user-select: none; }
.line .sign { text-align: center; }
.line.add { background: var(--good-paper); } .line.remove { background: var(--bad-paper); }
.line mark { color: inherit; background: var(--warn-paper); border-bottom: 2px solid var(--warn); }
.k { color: var(--keyword); font-weight: 600; } .s { color: var(--string); } .m, .d { color: var(--info); }
.c { color: var(--soft); font-style: italic; } .f { color: var(--name); }
.findings > .finding { font-size: .9rem; }
.findings > .finding { padding: .25rem .75rem; border-left: 4px solid var(--line); background: var(--panel); }
.findings > .review { border-color: var(--warn); } .findings > .warning { border-color: var(--name); }
.findings > .rewrite { border-color: var(--good); } .findings > .note { border-color: var(--info); }
.finding p { margin: 0; } .way > summary { padding: .1rem 0; color: var(--soft); } .finding pre { max-height: 24rem; }
#filter {
  display: flex; flex-wrap: wrap; gap: .4rem 1rem; align-items: center; position: sticky; top: 0; z-index: 1;
  padding: .5rem .75rem; background: var(--panel); border: 1px solid var(--line); border-radius: 4px;
}
#filter label { white-space: nowrap; } #filter select { max-width: 16rem; }
#filter :is(input, select, button) {
  font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line);
}
[hidden] { display: none !important; }
.about { color: var(--soft); }
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
@media (max-width: 40rem) {
  .line { grid-template-columns: 2.6em 2.6em 1em 1fr; } .line, .line code { font-size: .75rem; }
  /* A word that is moved to the next line would look like another indentation. */
  .line code { word-break: break-all; tab-size: 2; }
  pre code { white-space: pre-wrap; overflow-wrap: anywhere; }
  #filter { position: static; }
}
@media print {
  :root {
    --paper: #ffffff; --panel: #ffffff; --line: #999999; --ink: #000000; --soft: #444444;
    --good: #0b4d1f; --good-paper: #e8f8ec; --bad: #8a0b1f; --bad-paper: #fdecea;
    --warn: #5c3900; --warn-paper: #fff6dd; --info: #083f80; --info-paper: #ecf4ff;
    --keyword: #6b0f50; --string: #06362c; --name: #3f1f7a;
  }
  body { max-width: none; padding: 0; font-size: 10pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  /* What is folded away on a screen could not be unfolded on paper, nor scrolled. */
  details::details-content { content-visibility: visible; block-size: auto; }
  pre code { white-space: pre-wrap; width: auto; overflow-wrap: anywhere; }
  /* How something came to its place is printed where it was unfolded. */
  .way:not([open]) { display: none; }
  .excerpt { overflow: visible; } .line, .finding > p { break-inside: avoid; }
  pre, .scroll { overflow: visible; max-height: none !important; }
  table, table :is(code, .soft) { font-size: 6.5pt; } th, td { padding: 1.5pt; } th.call { min-width: 4.5cm; }
  svg { min-width: 0; } tr, li, svg { break-inside: avoid; }
  nav, #filter { display: none; }
}
"""
