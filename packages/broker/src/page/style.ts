/**
 * How the status page looks: by day and by night, from the width of a phone on.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --card: #fff; --text: #1b1f24; --quiet: #57606a; --line: #d0d7de; --accent: #0a5fb4; --on-accent: #fff;
  --good: #116329; --good-ground: #dafbe1; --fair: #6b4c00; --fair-ground: #fff8c5; --bad: #a40e26; --bad-ground: #ffebe9;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0d1117; --card: #161b22; --text: #e6edf3; --quiet: #9da7b3; --line: #30363d; --accent: #79b8ff; --on-accent: #0d1117;
    --good: #7ee787; --good-ground: #12261e; --fair: #f2cc60; --fair-ground: #2b2410; --bad: #ffa198; --bad-ground: #301417;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
header, main { max-width: 70rem; margin: 0 auto; padding: 1rem; }
header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; }
h1 { font-size: 1.4rem; margin: 0; }
h2 { font-size: 1.1rem; margin: 0; overflow-wrap: anywhere; }
#live, .quiet, caption, figcaption, dt, th { color: var(--quiet); }
#said { min-height: 1.5em; margin: 0; flex-basis: 100%; }
#sessions { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); }
section { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; }
.head { display: flex; justify-content: space-between; gap: .5rem; align-items: center; }
.state { border-radius: 1rem; padding: .1rem .6rem; font-size: .9rem; white-space: nowrap; }
.good { color: var(--good); background: var(--good-ground); }
.fair { color: var(--fair); background: var(--fair-ground); }
.bad { color: var(--bad); background: var(--bad-ground); }
.error { color: var(--bad); overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .1rem .8rem; margin: .8rem 0; }
dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
figure { margin: .5rem 0; }
figcaption, caption { font-size: .85rem; }
svg { display: block; width: 100%; height: auto; margin: .5rem 0; }
.axis { stroke: var(--line); }
.asked { fill: var(--accent); }
.renewed { fill: var(--good); }
.failed { stroke: var(--bad); stroke-width: 1.5; fill: none; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; }
caption { text-align: left; }
th { text-align: left; font-weight: 600; }
th, td { padding: .15rem .5rem .15rem 0; overflow-wrap: anywhere; vertical-align: top; }
td:nth-child(n + 2), th:nth-child(n + 2) { text-align: right; white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
button { margin-top: .8rem; padding: .5rem 1rem; min-height: 2.75rem; border: 0; border-radius: .4rem; font: inherit; cursor: pointer;
  background: var(--accent); color: var(--on-accent); }
button:disabled { opacity: .6; cursor: default; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
`
