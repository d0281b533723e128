// Asks every two seconds, and draws what came.

import { show, h, clock, command } from "./elements.js";
import { ask, byName, FOR, OFTEN, SELDOM } from "./model.js";
import { MeshMap, legend } from "./map.js";
import { detail } from "./detail.js";
import * as panels from "./panels.js";

const EVERY = 2000;
const LATE = 5000;
const SELDOM_EVERY = 5;
const MISSING_EVERY = 60;

const data = {};
const chosen = { kind: "vr", name: undefined, vine: "", edges: "auto" };
let round = 0;
let updated;
let failure;
let timer;
const map = new MeshMap(select);

// MARK: Asking

async function update() {
  clearTimeout(timer);
  const views = [...OFTEN, ...(round % SELDOM_EVERY === 0 ? SELDOM : []), ...needed()];
  try {
    const signal = AbortSignal.timeout(LATE);
    const begun = performance.now();
    // A view that this daemon does not have is asked for again once in a while: the daemon may be another one by then.
    const asked = views.filter((view) => !data[view]?.missing || round % MISSING_EVERY === 0);
    const answers = await Promise.all(asked.map((view) => ask(view, signal)));
    const answered = performance.now();
    asked.forEach((view, index) => { data[view] = answers[index]; });
    round += 1;
    updated = new Date();
    failure = undefined;
    draw();
    // Read by the test.
    Object.assign(document.body.dataset, { round, askedMs: (answered - begun).toFixed(1), drawnMs: (performance.now() - answered).toFixed(1) });
  } catch (error) {
    failure ??= error;
    console.info(`no update: ${error.message}`);
  }
  tell();
  // A choice may have asked in between.
  clearTimeout(timer);
  timer = setTimeout(update, EVERY);
}

function needed() {
  return chosen.kind === "vr" && (!chosen.name || chosen.name === data.map?.site) ? [] : FOR[chosen.kind] ?? [];
}

function tell() {
  document.body.classList.toggle("stale", Boolean(failure));
  const age = updated ? Math.round((Date.now() - updated) / 1000) : undefined;
  document.getElementById("clock").textContent = updated ? `updated ${clock(updated)}${age > 2 ? `, ${age} s ago` : ""}` : "not updated yet";
  const banner = document.getElementById("banner");
  banner.hidden = !failure;
  if (failure) {
    const unit = `vine-meshd@${data.status?.mesh?.name ?? "<mesh>"}`;
    show(banner, h("strong", {}, "vine-meshd does not answer. "), updated ? `What is shown is of ${clock(updated)}. ` : "Nothing is known yet. ",
      "Look at ", command(`systemctl status ${unit}`), `; this page goes on asking. (${failure.message})`);
  }
}

// MARK: Drawing

function draw() {
  const { status, vines, blocks } = data;
  chosen.name ??= data.map.site;
  document.title = `${status.site} in ${status.mesh.name}`;
  const parts = map.draw(data.map, chosen, vines?.vines);
  legend(document.getElementById("legend"), data.map, parts);
  panels.identity(status);
  panels.health(document.getElementById("health"), status, parts);
  panels.tiles(document.getElementById("tiles"), data);
  panels.space(blocks, chosen, data.map.vrs);
  panels.vines(vines, chosen);
  panels.voters(data.voters);
  panels.drops(data.drops);
  panels.queues(data.queues, data.relay);
  panels.events(data.events);
  detail(document.getElementById("detail"), data, chosen);
  show(document.getElementById("sites"), data.map.vrs.map((vr) => h("option", { value: vr.site })));
  const names = (vines?.vines ?? []).map((vine) => vine.name).sort(byName);
  show(document.getElementById("overlay"), h("option", { value: "" }, "all"), names.map((name) => h("option", { value: name }, name)));
}

// MARK: Choosing

/// Nothing given: this VR.
function select(kind = "vr", name = data.map?.site) {
  Object.assign(chosen, { kind, name });
  const own = kind === "vr" && name === data.map?.site;
  history.replaceState(null, "", own ? location.pathname : `#${kind}=${encodeURIComponent(name)}`);
  if (data.map) draw();
  if (needed().length) update();
}

function fromAddress() {
  const [kind, name] = location.hash.slice(1).split("=");
  if (name && kind in FOR) Object.assign(chosen, { kind, name: decodeURIComponent(name) });
}

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-kind]");
  if (target) select(target.dataset.kind, target.dataset.name);
});
document.addEventListener("keydown", (event) => {
  const target = event.target.closest?.("g[data-kind]");
  if (target && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault();
    select(target.dataset.kind, target.dataset.name);
  }
});
document.getElementById("find").addEventListener("input", (event) => {
  if (data.map?.vrs.some((vr) => vr.site === event.target.value)) select("vr", event.target.value);
});
document.getElementById("overlay").addEventListener("change", (event) => {
  chosen.vine = event.target.value;
  draw();
});
document.getElementById("edges").addEventListener("change", (event) => {
  chosen.edges = event.target.value;
  draw();
});

// MARK: Theme

const THEMES = ["system", "light", "dark"];
const theme = document.getElementById("theme");

function dress(name) {
  if (name === "system") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.dataset.theme = name;
  theme.textContent = `Theme: ${name}`;
  localStorage.setItem("theme", name);
}

theme.addEventListener("click", () => dress(THEMES[(THEMES.indexOf(localStorage.getItem("theme") ?? "system") + 1) % THEMES.length]));
dress(THEMES.includes(localStorage.getItem("theme")) ? localStorage.getItem("theme") : "system");
addEventListener("resize", () => { if (data.map) draw(); });
addEventListener("hashchange", () => { fromAddress(); if (data.map) draw(); });
fromAddress();
setInterval(tell, 1000);
update();
