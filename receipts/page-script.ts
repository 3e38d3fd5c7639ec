/** All that a page does with JavaScript: buttons that copy a number, and one that prints. Without it they are not there. */
export const PAGE_SCRIPT = `(function(d){
var live=d.getElementById('said');
function button(text,act){var b=d.createElement('button');b.type='button';b.textContent=text;b.onclick=act;return b}
function copy(text,b,done){
function said(){var was=b.textContent;b.textContent=done;if(live)live.textContent=done;setTimeout(function(){b.textContent=was},1500)}
function old(){var a=d.createElement('textarea');a.value=text;d.body.appendChild(a);a.select();try{d.execCommand('copy');said()}finally{a.remove()}}
if(navigator.clipboard)navigator.clipboard.writeText(text).then(said,old);else old()}
d.querySelectorAll('[data-copy]').forEach(function(n){
var b=button(n.getAttribute('data-copy'),function(){copy(n.textContent.trim(),b,n.getAttribute('data-copied'))});
b.setAttribute('aria-label',n.getAttribute('data-label'));n.after(b)});
var a=d.querySelector('[data-copy-all]');if(a){var all=button(a.getAttribute('data-copy-all'),function(){
copy([].map.call(a.querySelectorAll('.no'),function(n){return n.getAttribute('data-name')+' '+n.textContent.trim()}).join('\\n'),all,a.getAttribute('data-copied'))});a.after(all)}
var p=d.querySelector('[data-print]');if(p)p.appendChild(button(p.getAttribute('data-print'),function(){window.print()}));
})(document);`;
