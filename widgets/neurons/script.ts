/**
 * Colours the text by the neuron under the pointer, or by the one that a slider chooses.
 *
 * @module
 */
import { script } from "../kit/html.ts";

/** The program; it shows the slider, as nothing moves it without it. */
export const CHOOSE =
  script`(()=>{const r=document.currentScript.parentElement,q=s=>r.querySelector(s),h=q(".d").dataset;
const S=Uint8Array.from(atob(h.s),c=>c.charCodeAt(0)),N=JSON.parse(h.n),C=JSON.parse(h.c),G=JSON.parse(h.g);
const T=+h.t,R=N.length,c=[...r.querySelectorAll(".t")],p=q(".i"),m=q(".m"),i=q("input"),o=q(".f");
const at=e=>{const b=p.getBoundingClientRect();return Math.max(0,Math.min(R-1,Math.floor((e.clientY-b.top)/b.height*R)))};
const go=n=>{o.textContent=N[n];m.style.top=n*p.clientHeight/R+"px";m.style.height=p.clientHeight/R+"px";
c.forEach((x,t)=>{x.style.backgroundColor="rgba("+G[C[n]]+","+.006*S[n*T+t]+")"})};
const keep=()=>{i.setAttribute("aria-valuetext",N[i.value]);go(+i.value)};
q(".w").style.display=m.style.display="block";keep();
i.addEventListener("input",keep);p.addEventListener("pointermove",e=>go(at(e)));p.addEventListener("pointerleave",keep);
p.addEventListener("click",e=>{i.value=at(e);keep()});
r.addEventListener("keydown",e=>{if(e.target===i)e.stopPropagation()})})()`;
