/** How /docs looks: one column, light and dark, readable on paper and on a phone. */
export const DOCS_STYLE = `
:root{color-scheme:light dark;--ink:#1c2024;--dim:#5c6670;--line:#d8dde3;--paper:#fff;--soft:#f4f6f8;--mark:#0b5cad}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--dim:#9aa5b1;--line:#38414a;--paper:#14181c;--soft:#1d2328;--mark:#6fb1f5}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem 1.25rem 4rem;max-width:62rem;color:var(--ink);background:var(--paper);font:16px/1.6 system-ui,"PingFang SC","Microsoft YaHei",sans-serif}
a{color:var(--mark)}h1{margin:.5rem 0 0}h2{margin:3rem 0 .5rem;border-bottom:1px solid var(--line)}h3{margin:2rem 0 .25rem}
h3 code{font-size:1.05em}.dim{color:var(--dim)}nav ul{columns:2;padding-left:1.1rem}nav.skip a{position:absolute;left:-99rem}nav.skip a:focus{left:1rem}
code,pre{font:14px/1.5 ui-monospace,Menlo,Consolas,monospace}code{background:var(--soft);padding:0 .2em;border-radius:3px;overflow-wrap:anywhere}
pre{background:var(--soft);border:1px solid var(--line);border-radius:6px;padding:.75rem 1rem;overflow-x:auto}pre code{background:none;padding:0;overflow-wrap:normal}
pre.run{border-left:4px solid var(--mark)}.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;margin:.5rem 0}
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid var(--line)}th{color:var(--dim);font-weight:600}td:first-child{white-space:nowrap}
@media print{body{max-width:none}nav{display:none}pre{white-space:pre-wrap}}
@media(max-width:40rem){nav ul{columns:1}td:first-child{white-space:normal}}
`;
