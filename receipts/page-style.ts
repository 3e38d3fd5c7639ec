/** How pages for payers look: the fonts of the system, one column, large enough to touch, black on white on paper. */
export const PAGE_STYLE = `:root{color-scheme:light dark;--bg:#f4f5f7;--card:#fff;--ink:#1a1d21;--soft:#555c66;--line:#d9dde3;--way:#0b57b0;--good:#116b3a;--warn:#8a4b00;--bad:#a3201b}
@media (prefers-color-scheme:dark){:root{--bg:#14171b;--card:#1e2228;--ink:#eceff3;--soft:#b3bac4;--line:#3a414b;--way:#8ab8ff;--good:#7bd6a0;--warn:#ffc078;--bad:#ff9d97}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"PingFang SC","HarmonyOS Sans SC","Microsoft YaHei","Noto Sans CJK SC","Noto Sans Hans",sans-serif;overflow-wrap:anywhere}
main,header,footer{max-width:34rem;margin:0 auto;padding:0 12px}
header{display:flex;justify-content:space-between;align-items:center;gap:12px;min-height:48px}
header p{margin:0;font-weight:600}
a,button{color:var(--way)}
header a,.acts a,.acts button{display:inline-flex;align-items:center;min-height:44px;padding:0 8px;white-space:nowrap}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:14px 16px;margin:0 0 12px}
h1,h2{margin:0;line-height:1.3}
h1{font-size:1.25rem}
h2{font-size:1rem;margin-bottom:8px}
p{margin:0 0 6px}
.badge{display:inline-block;font-weight:600;border:1px solid currentColor;border-radius:999px;padding:1px 10px;margin:0 0 8px}
.under_way{color:var(--way)}.arrived{color:var(--good)}.needs_action,.overdue{color:var(--warn)}.closed{color:var(--soft)}
.amount{font-size:2.25rem;font-weight:700;line-height:1.2;margin:8px 0;font-variant-numeric:tabular-nums}
.day{font-size:1.0625rem;font-weight:600}
.soft{color:var(--soft)}
ol{list-style:none;margin:0;padding:0}
ol li{position:relative;padding:0 0 14px 30px}
ol li:last-child{padding-bottom:0}
ol li::before{content:"";position:absolute;left:9px;top:22px;bottom:-2px;border-left:2px solid var(--line)}
ol li:last-child::before{display:none}
.dot{position:absolute;left:0;top:1px;width:20px;height:20px;line-height:18px;border:1px solid var(--soft);border-radius:50%;text-align:center;font-size:12px;background:var(--card)}
.done .dot{border-color:var(--good);color:var(--good)}
.current .dot{border-color:var(--way);color:var(--way)}
.stopped .dot{border-color:var(--bad);color:var(--bad)}
.current b,.stopped b{font-weight:700}
.branch{margin-top:2px}.branch::after{content:"";position:absolute;left:9px;top:-12px;height:10px;border-left:2px dashed var(--warn)}
.to_come b{font-weight:400;color:var(--soft)}
time{display:block;color:var(--soft);font-variant-numeric:tabular-nums}
dl{margin:0}
dt{color:var(--soft);font-size:.9375rem}
dd{margin:0 0 10px}
dd:last-child{margin-bottom:0}
.no{font:1.0625rem/1.6 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.no i{font-style:normal;margin-right:.4em}
.numbers button{min-height:44px;min-width:44px;margin-left:8px;padding:0 12px;border:1px solid var(--line);border-radius:8px;background:none;font:inherit}
.acts button{border:0;background:none;font:inherit;text-decoration:underline;cursor:pointer}
.fraud{border-color:var(--warn);font-weight:600}
.check{display:flex;gap:14px;align-items:center;flex-wrap:wrap}
.check svg{width:148px;height:148px;background:#fff;flex:none}
.check div{flex:1 1 12rem}
form label{display:block;font-weight:600;margin:8px 0 4px}
form input,form textarea{font:inherit;width:100%;max-width:100%;border:1px solid var(--soft);border-radius:8px;padding:8px;background:var(--card);color:var(--ink)}
form button{min-height:44px;padding:0 20px;margin-top:10px;border:0;border-radius:8px;background:#0b57b0;color:#fff;font:inherit;font-weight:600}
:focus-visible{outline:3px solid var(--way);outline-offset:2px}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
@page{size:A5;margin:10mm}
@media print{:root{color-scheme:light;--bg:#fff;--card:#fff;--ink:#000;--soft:#333;--line:#999;--way:#000;--good:#000;--warn:#000;--bad:#000}
body{font-size:10pt;line-height:1.35}
main,header,footer{max-width:none;padding:0}
.acts,header a,button{display:none!important}
section{border:0;border-top:1px solid #999;border-radius:0;padding:6pt 0;margin:0;break-inside:avoid}
.amount{font-size:20pt}
ol li{padding-bottom:5pt}
time{display:inline;margin-left:8pt}
dl.wide{columns:2}
dl.wide div{break-inside:avoid}
.no,dt{font-size:9.5pt}
dd{margin-bottom:4pt}
.check svg{width:30mm;height:30mm}}`;
