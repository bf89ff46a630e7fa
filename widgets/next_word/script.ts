/**
 * Settles the scores in the page, as `settledProbabilities` does: divided in single precision, cut by top-k with its ties,
 * then by top-p in double precision.
 *
 * @module
 */
import { script } from "../kit/html.ts";

/** The program; it shows the sliders, as nothing moves them without it. */
export const SETTLE =
  script`(()=>{const r=document.currentScript.parentElement,q=s=>[...r.querySelectorAll(s)],h=q(".d")[0].dataset;
const d=s=>new Float32Array(Uint8Array.from(atob(h[s]),c=>c.charCodeAt(0)).buffer),B=d("b"),O=d("o"),V=+h.v,f=Math.fround,E=Math.exp;
const P=p=>p<5e-5?p?"<0.01%":"0%":p<1&&p>=.9995?">99.9%":(100*p).toFixed(p<.001?2:1)+"%";
const W=t=>{const s=B.map(x=>x/f(t));return[[...s].map(x=>E(x-s[0])),[...O].map((x,i)=>i%2?x:E((x-B[0])/f(t))),s]};
const go=()=>{const[t,k,p]=q("input").map(i=>+i.value);let[e,g,s]=W(t||1),n=t?B.length:1,m=t?g.length:0,c=0;
if(t&&k&&k<V){n=s.filter(x=>x>=s[Math.min(k,B.length)-1]).length;m=0}let z=0;
for(let i=0;i<n;i++)z+=e[i];let y=z;for(let i=0;i<m;i+=2)y+=g[i]*g[i+1];
if(t&&p<1){let a=0,j=0,w=p*y;while(j<n&&(!j||a<w))a+=e[j++];if(j<n||a>=w)m=0;n=j;y=a;
for(let i=0;i<m;i+=2){const u=Math.max(0,Math.min(g[i+1],Math.ceil((w-y)/g[i])));y+=u*g[i];c+=u}}
else for(let i=0;i<m;i+=2)c+=g[i+1];
const[a,b]=W(1),T=a.reduce((x,y)=>x+y)+b.reduce((x,y,i)=>i%2?x+y*b[i-1]:x,0);let o=0,v=c;
for(let i=0;i<n;i++)o+=a[i];for(let i=0;i<b.length&&v>0;i+=2){const u=Math.min(v,b[i+1]);o+=u*b[i];v-=u}
q(".p").forEach(x=>{const i=+x.dataset.i,u=i<n?e[i]/y:0;x.textContent=P(u);x.dataset.p=u;x.previousElementSibling.style.width=Math.max(1,Math.round(400*u))+"px"});
q("output").forEach((x,i)=>x.textContent=[t?t.toFixed(2):"0, greedy",k||"all",p<1?p.toFixed(2):"all"][i]);
q(".l")[0].textContent=(n+c).toLocaleString("en");q(".s")[0].textContent=P(o/T)};
q(".w")[0].style.display="block";r.addEventListener("input",go);r.addEventListener("reset",()=>setTimeout(go));
r.addEventListener("keydown",e=>e.stopPropagation())})()`;
