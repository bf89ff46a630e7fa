/**
 * The style of the explorer: the page's own colours, with the orange of the views where something is likely or matters.
 *
 * @module
 */
import { BLUE, ORANGE, rgb, rgba } from "../../kit/colours.ts";
import { type Css, styling } from "../../kit/css.ts";

const LINE = styling`rgba(128,128,128,.4)`;
const FAINT = styling`rgba(128,128,128,.12)`;
const FONT = styling`Menlo,Consolas,monospace`;

const FRAME = styling`
:host{display:block;color:inherit}
.x-app{font:15px/1.45 system-ui,sans-serif;max-width:1280px;margin:0 auto;padding:0 16px 24px;box-sizing:border-box}
.x-app *{box-sizing:border-box}
.x-head{display:flex;flex-wrap:wrap;align-items:baseline;gap:4px 16px;padding:12px 0}
.x-head>:is(h1,h2){font-size:20px;margin:0;font-weight:600}
h2{font-size:15px;margin:0 0 6px;font-weight:600}
.x-model{margin:0;flex:1 1 320px;font-size:13px}
.x-main{display:grid;grid-template-columns:minmax(300px,400px) minmax(0,1fr);gap:20px 28px}
.x-write{grid-column:1/-1;min-width:0}
.x-left,.x-right{min-width:0}
.x-left section{margin:0 0 20px}
.x-small{font-size:13px;opacity:.85;margin:4px 0}
.x-problem{border-left:4px solid ${rgb(ORANGE)};padding:4px 10px;margin:6px 0;background:${rgba(ORANGE, 0.08)}}
.x-unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);margin:0}
[hidden]{display:none!important}
kbd{font:12px ${FONT};border:1px solid ${LINE};border-radius:3px;padding:0 3px}
button,input,select,textarea{font:inherit;color:inherit}
button,select,input:is([type=text],[type=number],[type=password]){border:1px solid ${LINE};border-radius:6px;background:${FAINT};
padding:4px 10px;min-height:32px}
select option{color:CanvasText;background:Canvas}
button{cursor:pointer}
button:hover:not(:disabled){background:rgba(128,128,128,.25)}
button:disabled{opacity:.5;cursor:default}
:focus-visible{outline:2px solid ${rgb(ORANGE)};outline-offset:1px}
.x-link{border:0;background:none;padding:0 2px;min-height:0;text-decoration:underline}
.x-buttons{display:flex;flex-wrap:wrap;gap:6px;align-items:center;margin:6px 0}
.x-scroll{overflow-x:auto;margin:6px 0}
table{border-collapse:collapse;font-size:13px}
th,td{padding:2px 8px 2px 0;text-align:right;font-weight:normal}
th[scope=row]{text-align:left}
.x-word{font-family:${FONT};white-space:pre;overflow:hidden;text-overflow:ellipsis}`;

const TEXT = styling`
.x-text{display:grid;border:1px solid ${LINE};border-radius:8px;max-height:38vh;overflow:auto;background:${FAINT}}
.x-text:focus-within{outline:2px solid ${rgb(ORANGE)}}
.x-mirror,.x-text textarea{grid-area:1/1;font:17px/1.9 ${FONT};padding:10px 14px;margin:0;border:0;white-space:pre-wrap;
overflow-wrap:anywhere;word-break:normal;tab-size:4;letter-spacing:0;min-height:3.8em;width:100%}
.x-mirror{color:transparent}
.x-text textarea{background:none;outline:0;resize:none;overflow:hidden;z-index:1;height:100%}
.x-token{border-radius:3px;box-shadow:inset 1px 0 0 ${LINE};padding:3px 0}
.x-token.x-chosen{box-shadow:inset 0 0 0 2px currentColor,inset 0 -3px 0 2px ${rgb(ORANGE)}}
.x-under{display:flex;flex-wrap:wrap;justify-content:space-between;gap:4px 16px;align-items:center;margin-top:6px}
.x-examples{font-size:13px}
.x-examples select{max-width:240px}`;

const NEXT = styling`
.x-rows{list-style:none;margin:0;padding:0}
.x-row{display:flex;gap:4px;margin:0 0 2px}
.x-row button{min-height:30px;border-color:transparent;background:none}
.x-row:hover,.x-row:focus-within{background:${FAINT};border-radius:6px}
.x-row .x-add{flex:1;display:grid;grid-template-columns:auto minmax(64px,30%) 1fr 56px;gap:8px;align-items:center;text-align:left;
padding:2px 4px;min-width:0}
.x-add kbd{min-width:18px;text-align:center}
.x-bar{position:relative;height:14px;background:${FAINT};border-radius:3px}
.x-bar i{position:absolute;inset:0 auto 0 0;background:${rgb(ORANGE)};border-radius:3px;min-width:1px}
.x-bar b{position:absolute;top:-2px;bottom:-2px;width:2px;margin-left:-1px;background:currentColor;opacity:.75}
.x-number{text-align:right;font-variant-numeric:tabular-nums;font-size:13px}
.x-cut .x-word,.x-cut .x-number{opacity:.7}
.x-cut .x-word{text-decoration:line-through}
.x-row .x-why{font-size:12px;padding:2px 6px;min-width:44px;border-color:${LINE}}
.x-why[aria-pressed=true]{background:${rgba(ORANGE, 0.25)}}
.x-find{display:flex;gap:8px;align-items:center;font-size:13px;margin:8px 0 0}
.x-find input{flex:1;min-width:0}
.x-steps{margin:8px 0 0;font-size:13px}
.x-steps summary{cursor:pointer}
.x-slider{display:grid;grid-template-columns:96px 1fr 72px;gap:8px;align-items:center;min-height:30px}
.x-slider output{text-align:right;font-variant-numeric:tabular-nums;font-size:13px}
.x-slider input{width:100%;accent-color:${rgb(ORANGE)};margin:0}
.x-seed{font-size:13px;display:flex;gap:6px;align-items:center}
.x-seed input{width:84px}
.x-ways ul{list-style:none;margin:0;padding:0 0 0 14px;border-left:1px solid ${LINE}}
.x-ways .x-tree{padding:0;border:0;max-height:300px;overflow:auto}
.x-way{font-family:${FONT};font-size:13px;min-height:26px;padding:1px 6px;margin:1px;white-space:pre-wrap;text-align:left}
.x-passed{opacity:.8;border-style:dashed}
.x-way[aria-current]{border-color:${rgb(ORANGE)};background:${rgba(ORANGE, 0.2)}}`;

const PANEL = styling`
.x-tabs{display:flex;gap:2px;overflow-x:auto;border-bottom:1px solid ${LINE}}
.x-tabs button{border:0;border-radius:6px 6px 0 0;background:none;padding:6px 12px;white-space:nowrap;border-bottom:3px solid transparent}
.x-tabs button[aria-selected=true]{border-bottom-color:${rgb(ORANGE)};font-weight:600}
.x-tabs button:focus-visible{outline-offset:-2px}
#x-panel{padding:10px 2px;min-height:280px}
.x-about{margin:0 0 2px;display:flex;flex-wrap:wrap;gap:6px;align-items:center}
.x-step{min-height:28px;padding:0 10px}
.x-view{overflow-x:auto}
.x-view[aria-busy=true]{opacity:.6}
.x-grid th,.x-grid td{padding:1px;text-align:center}
.x-grid th[scope=row]{text-align:left;padding-right:8px;white-space:nowrap}
.x-part{width:40px;min-height:26px;padding:0;font-size:11px}
.x-part[aria-pressed=true]{background:${rgba(BLUE, 0.45)};font-weight:600}
.x-changes caption{text-align:left;font-size:13px;opacity:.85;padding:6px 0}
.x-change{width:160px}
.x-change span{display:flex;height:12px;background:${FAINT};border-radius:3px}
.x-change i{width:var(--a);background:rgba(128,128,128,.6)}
.x-change b{width:var(--b)}
.x-more b{background:${rgb(ORANGE)}}
.x-less b{background:${rgb(BLUE)}}
.x-share{border-top:1px solid ${LINE};padding-top:6px}
.x-dialog{color:CanvasText;background:Canvas;border:1px solid ${LINE};border-radius:10px;width:min(520px,calc(100vw - 24px));padding:16px}
.x-dialog::backdrop{background:rgba(0,0,0,.4)}
.x-dialog-head{display:flex;justify-content:space-between;align-items:start}
.x-dialog label{display:block;margin:10px 0}
.x-dialog input:is([type=text],[type=password],[type=file]),.x-dialog progress{display:block;width:100%;margin-top:4px}
.x-close{border:0;background:none;font-size:20px;padding:0 8px;min-height:28px}`;

const SMALL = styling`
@media (max-width:820px){.x-main{grid-template-columns:minmax(0,1fr);gap:14px}.x-app{padding:0 10px 20px}
.x-hint{display:none}.x-row .x-add{min-height:40px}.x-row .x-why{min-width:52px;min-height:40px}
.x-text textarea,.x-mirror{font-size:16px;padding:8px 10px}.x-left section{margin-bottom:14px}}
@media (prefers-reduced-motion:no-preference){.x-bar i{transition:width .12s}}
@media (forced-colors:active){.x-bar i,.x-change b{background:Highlight;forced-color-adjust:none}}`;

/** All rules. */
export const STYLE: readonly Css[] = [FRAME, TEXT, NEXT, PANEL, SMALL];
