/**
 * Opens heads by their pictures: reads the weights of a layer, sets those of the chosen head as the variables that its
 * rules would, and draws its matrices. A choice by somebody, by keys or by another view of the text all end in a redraw
 * of what is checked.
 *
 * @module
 */
import { ORANGE } from "../kit/colours.ts";
import { type Script, script } from "../kit/html.ts";
import { LEAST_WEIGHT } from "./data.ts";
import { LETTERS } from "./names.ts";

/** What the program needs to know of a view. */
export interface PageSetup {
  /** The tokens in the pictures, and those in the matrix. */
  readonly from: number;
  readonly to: number;
  readonly start: number;
  readonly end: number;
  /** Whether tokens look at later ones too. */
  readonly both: boolean;
  readonly heads: number;
  /** The layers whose heads have rules. */
  readonly open: readonly number[];
  /** All tokens by name. */
  readonly names: readonly string[];
}

/** The program. */
export function openingScript(setup: PageSetup): Script {
  return script`(()=>{const{from:F,to:T,start:B,end:E,both,heads:H,open:O,names:N}=${setup},L=${LETTERS},C=${ORANGE};
const r=document.currentScript.parentElement,$=s=>r.querySelector(s),n=T-F,kept={};let A,h,now,set=[];
const read=async l=>{const b=Uint8Array.from(atob($(".l"+l).dataset.png),c=>c.charCodeAt(0)),v=new DataView(b.buffer);let p=8;
while(v.getUint32(p+4)!==0x49444154)p+=12+v.getUint32(p);
const s=new Blob([b.subarray(p+8,p+8+v.getUint32(p))]).stream().pipeThrough(new DecompressionStream("deflate"));
return new Uint8Array(await new Response(s).arrayBuffer())};
const w=(q,k,g=h)=>A[(g*n+q-F)*(n+2)+(k<0?1:2+k-F)]/255,sees=(q,k)=>both||k<=q;
const paint=(x,f,t,e)=>{if(!x)return;const c=x.querySelector("canvas")||x.appendChild(document.createElement("canvas")),m=t-f;
c.width=m+e;c.height=m;c.style.cssText="display:block;width:100%;height:100%;image-rendering:pixelated";x.style.backgroundImage="none";
const d=new ImageData(m+e,m);for(let q=f;q<t;q++)for(let k=f-e;k<t;k++){const j=k<f?-1:k;
d.data.set(j<0||sees(q,j)?[...C,255*Math.sqrt(w(q,j))]:[128,128,128,36],4*((q-f)*(m+e)+k-f+e))}
c.getContext("2d").putImageData(d,0,0)};
const fill=()=>$(".yy tbody").replaceChildren(...N.slice(B,E).map((a,i)=>{const t=document.createElement("tr"),q=B+i;
[a,...Array.from({length:H},(_,g)=>{let k=F;for(let j=F;j<T;j++)if(w(q,j,g)>w(q,k,g))k=j;return N[k]+" "+Math.round(100*w(q,k,g))+"%"})]
.forEach(x=>t.insertCell().textContent=x);return t}));
const go=async()=>{const[l,g]=$(".g :checked").value.split("_").map(Number),a=await(kept[l]??=read(l));
if($(".g :checked").value!==l+"_"+g||now===l+"_"+g)return;A=a;h=g;now=l+"_"+g;
set.forEach(k=>r.style.removeProperty(k));set=[];const own=!O.includes(l);r.classList.toggle("own",own);
if(own){for(let q=B;q<E;q++)for(let k=B-(B>0);k<E;k++)if(sees(q,k)){const x=Math.round(100*w(q,k<B?-1:k)),v="--"+L[q-B]+L[k-B+1];
set.push(v);r.style.setProperty(v,x<${LEAST_WEIGHT}?0:x)}fill()}
paint($("div.i"),B,E,+(B>0));if(n===N.length)paint($("div.w"),0,n,0)};
const W=$("div.w");if(W&&n===N.length)W.onmousemove=e=>{const b=W.getBoundingClientRect(),i=(p,o,s)=>Math.max(0,Math.min(n-1,Math.floor((p-o)/s*n)));
const q=i(e.clientY,b.top,b.height),k=i(e.clientX,b.left,b.width);
if(A)$(".says").textContent=N[q]+" → "+N[k]+": "+(sees(q,k)?(100*w(q,k)).toFixed(1)+"%":"cannot be seen")};
r.classList.add("s");r.addEventListener("change",go);r.addEventListener("reset",()=>setTimeout(go));go()})()`;
}
