// The page works without this file, for reading. With it, the page follows what changes,
// shows what would fall without a thing, and zooms.
"use strict";
(() => {
  const root = document.documentElement, lang = root.lang;
  const $ = (s, e = document) => e.querySelector(s), $$ = (s, e = document) => [...e.querySelectorAll(s)];
  root.classList.add("js");
  const relative = new Intl.RelativeTimeFormat(lang, {numeric: "always"});
  let policy = null; // where a browser wants to know which HTML is ours
  try { policy = window.trustedTypes && window.trustedTypes.createPolicy("omamori", {createHTML: s => s}); } catch (e) { policy = null; }
  const parse = s => new DOMParser().parseFromString(policy ? policy.createHTML(s) : s, "text/html");

  // How long ago.
  const units = [["day", 864e5], ["hour", 36e5], ["minute", 6e4], ["second", 1e3]];
  const ago = ms => { for (const [u, n] of units) if (Math.abs(ms) >= n || u === "second") return relative.format(-Math.trunc(ms / n), u); };
  let skew = 0; // the server's clock, less ours
  const nodes = new Map(); // what is known of each node: state, proved, fresh, flags
  const tell = () => {
    const now = Date.now() + skew;
    for (const t of $$("time[data-proof]")) {
      const all = t.dataset.proof.split(" ").map(n => nodes.get(n)).filter(n => n && n[1]).map(n => n[1]);
      if (all.length) t.dataset.at = Math.min(...all);
    }
    for (const t of $$("time[data-at]")) {
      const text = (t.dataset.prefix ? t.dataset.prefix + " " : "") + ago(Math.max(0, now - t.dataset.at));
      if (t.textContent !== text) t.textContent = text;
    }
    for (const t of $$("[data-until]")) {
      const left = Math.max(0, t.dataset.until - now), two = n => String(n).padStart(2, "0");
      t.textContent = (left >= 36e5 ? Math.floor(left / 36e5) + ":" : "") + two(Math.floor(left / 6e4) % 60) + ":" + two(Math.floor(left / 1e3) % 60);
    }
    for (const [name, n] of nodes) {
      const use = n.use;
      if (!use || !n[1]) continue;
      const f = "f" + Math.max(0, Math.min(10, Math.floor(10 * (now - n[1]) / (n[2] - n[1]))));
      if (use.getAttribute("class") !== f) use.setAttribute("class", f);
    }
  };
  const index = () => {
    for (const a of $$(".node")) {
      const n = nodes.get(a.dataset.n) || [];
      n.a = a; n.use = $("use", a);
      nodes.set(a.dataset.n, n);
    }
    for (const r of $$("[data-row]")) { const n = nodes.get(r.dataset.row) || []; n.row = r; nodes.set(r.dataset.row, n); }
  };

  // What has the focus keeps it though all around it is made anew: it is found by what it is
  // and does and, of several, by its place among them. Where it is gone, what it stood in has it.
  const does = e => [e.tagName, e.getAttribute("href"), e.name, e.value, ...(e.form ? [e.form.getAttribute("action"), ...$$("input[type=hidden]", e.form).map(i => i.name === "csrf" ? "" : i.value)] : [])].join(" ");
  const alike = (place, what) => $$("a[href],button,input,select,[tabindex]", place).filter(e => does(e) === what);
  const kept = (place, change) => {
    const at = document.activeElement, held = at !== place && place.contains(at);
    const what = held && does(at), n = held && alike(place, what).indexOf(at);
    change();
    if (!held) return;
    const to = alike(place, what)[n] || place;
    if (to === place) { place.tabIndex = -1; place.addEventListener("blur", () => place.removeAttribute("tabindex"), {once: true}); }
    to.focus({preventScroll: true});
  };

  // What has changed: nodes of the drawing, rows of the list, parts of the first view.
  const states = ["holds", "broken", "unproven", "out", "there", "given", "absent", "lost"];
  const names = new Map();
  const apply = news => {
    let strange = false, lit = false;
    for (const [name, v] of Object.entries(news.nodes || {})) {
      let n = nodes.get(name);
      if (!n) { n = []; nodes.set(name, n); strange = true; }
      const [state, , , flags] = v, was = n[0], same = was === state && n[3] === flags;
      Object.assign(n, v);
      if (same) { // proved anew, and nothing else
        const t = n.row && $("time", n.row);
        if (t && n[1]) t.dataset.at = n[1];
        continue;
      }
      lit = true;
      if (n.a) {
        n.a.classList.remove(...states);
        n.a.classList.add(state);
        n.a.classList.toggle("blamed", (flags & 1) > 0);
        if (n.use) n.use.setAttribute("href", "#i-" + state);
        const word = $(".sprite ~ header") && names.get(state);
        if (word) n.a.setAttribute("aria-label", $("title", n.a).textContent + ": " + word);
      }
      if (n.row) {
        const icon = $("svg", n.row);
        icon.setAttribute("class", "icon " + state);
        $("use", icon).setAttribute("href", "#i-" + state);
        if (names.get(state)) $(".row-state", n.row).textContent = names.get(state);
        const t = $("time", n.row);
        if (t && n[1]) t.dataset.at = n[1];
        if (was && was !== state) { n.row.classList.remove("fresh-change"); void n.row.offsetWidth; n.row.classList.add("fresh-change"); }
      }
    }
    if (lit) for (const e of $$(".edges path")) {
      const f = nodes.get(e.dataset.f), t = nodes.get(e.dataset.t);
      e.classList.toggle("lit", !!(f && t && f[3] & 2 && t[3] & 2));
    }
    for (const [name, html] of Object.entries(news.rows || {})) {
      const row = (nodes.get(name) || []).row;
      if (row) $(".row-why", row).replaceChildren(...parse(html).body.childNodes);
    }
    for (const [name, html] of Object.entries(news.parts || {})) {
      const place = $("#part-" + name);
      if (!place) continue;
      kept(place, () => place.replaceChildren(...parse(html).body.childNodes));
    }
    tell();
    return strange;
  };

  // Views that are fetched anew when something has moved.
  let fetching = false, again = false, last = 0;
  const dirty = main => $$("input:not([type=hidden])", main).some(i => i.type === "checkbox" ? i.checked !== i.defaultChecked : i.value !== i.defaultValue) || (main.contains(document.activeElement) && document.activeElement.matches("input,select"));
  const refresh = async () => {
    const main = $("#main");
    if (fetching) { again = true; return; }
    if (dirty(main)) return;
    fetching = true;
    try {
      await new Promise(r => setTimeout(r, Math.max(0, 500 - (Date.now() - last))));
      last = Date.now();
      const r = await fetch(location.href, {headers: {"X-Fragment": "1"}, redirect: "error"});
      if (r.ok) {
        const fresh = $("#main", parse(await r.text()));
        if (fresh && !dirty(main)) {
          const y = scrollY;
          kept(main, () => main.replaceChildren(...fresh.childNodes));
          scrollTo(scrollX, y);
          start();
        }
      }
    } catch (e) { /* the stream says whether the server is there */ }
    fetching = false;
    if (again) { again = false; refresh(); }
  };
  const follow = () => {
    const live = $("#live"), main = $("#main");
    if (!window.EventSource || !live || !("live" in main.dataset || main.dataset.view === "home")) return;
    const source = new EventSource("/events");
    const set = on => { live.className = "live " + (on ? "on" : "off"); live.textContent = on ? live.dataset.live : live.dataset.away; };
    let first = true;
    source.onopen = () => set(true);
    source.onerror = () => { set(false); first = true; };
    source.onmessage = m => {
      const news = JSON.parse(m.data), strange = apply(news);
      root.dataset.news = m.lastEventId;
      if ("live" in $("#main").dataset && news.moved && !first) refresh();
      else if ("live" in $("#main").dataset && first) refresh();
      else if (strange && !first) location.reload();
      first = false;
    };
    addEventListener("pagehide", () => source.close());
  };

  // What would fall without the thing that is pointed at.
  const cache = new Map();
  let pointing = 0, pointed = "", target = null;
  const box = $("#whatif"), fixed = box && !box.classList.contains("none");
  // It lies over the view and moves nothing in it: what is pointed at stays where it is, and is not covered.
  const place = () => box.classList.toggle("high", !!target && target.getBoundingClientRect().bottom > innerHeight - box.offsetHeight - 24);
  const show = w => {
    const chain = $("#chain");
    if (!box || fixed) return;
    for (const a of $$(".node", chain || document)) {
      a.classList.toggle("falls", !!w && w.falls.includes(a.dataset.n));
      a.classList.toggle("pointed", !!w && a.dataset.n === pointed);
    }
    if (chain) chain.classList.toggle("what", !!w);
    box.classList.toggle("none", !w);
    box.classList.toggle("near", !!w);
    if (!w) return;
    $(".whatif-head", box).textContent = box.dataset.head.replace("%", w.name);
    $("ul", box).replaceChildren(...w.said.map(s => { const li = document.createElement("li"); li.textContent = s; return li; }));
    place();
  };
  const point = (name, away = 250) => {
    if (fixed || name === pointed) return;
    pointed = name;
    if (name) place();
    clearTimeout(pointing);
    pointing = setTimeout(async () => {
      if (!name) return show(null);
      let w = cache.get(name);
      if (!w || Date.now() - w.at > 5e3) {
        const r = await fetch("/whatif?lose=" + encodeURIComponent(name));
        if (!r.ok) return;
        w = await r.json(); w.at = Date.now();
        if (cache.size > 200) cache.clear();
        cache.set(name, w);
      }
      if (pointed === name) show(w);
    }, name ? 140 : away);
  };
  const whatOf = e => {
    const a = e.target instanceof Element && e.target.closest("[data-what],.node.thing,.node.link");
    if (a) target = a;
    return a ? a.dataset.what || a.dataset.n : "";
  };
  for (const kind of ["pointerover", "focusin"]) document.addEventListener(kind, e => {
    const name = whatOf(e), away = kind === "pointerover" && e.pointerType === "mouse" ? 250 : 0;
    if (name || !(box && box.contains(e.target))) point(name, away);
  });
  document.addEventListener("click", e => { // a first touch shows, a second goes there
    const a = e.target instanceof Element && e.target.closest(".node.thing,[data-what]");
    if (!a || fixed || e.detail === 0 || !matchMedia("(hover:none)").matches) return;
    const name = a.dataset.what || a.dataset.n;
    if (box.classList.contains("none") || box.dataset.of !== name) { e.preventDefault(); box.dataset.of = name; point(name); }
  });
  document.addEventListener("keydown", e => { if (e.key === "Escape") point(""); });

  // Zoom and pan, by the drawing's own box.
  const zoom = () => {
    const svg = $("#chain"), canvas = $("#canvas");
    if (!svg || !canvas) return;
    const w = +svg.getAttribute("width"), h = +svg.getAttribute("height");
    let z = 1;
    const set = (to, x, y) => {
      const old = z, r = canvas.getBoundingClientRect();
      x = x === undefined ? r.width / 2 : x - r.left; y = y === undefined ? r.height / 2 : y - r.top;
      z = Math.max(.1, Math.min(4, to));
      const left = (canvas.scrollLeft + x) * z / old - x, top = (canvas.scrollTop + y) * z / old - y;
      svg.setAttribute("width", w * z); svg.setAttribute("height", h * z);
      canvas.scrollTo(left, top);
    };
    const fit = () => set(Math.max(.45, Math.min(1.15, (canvas.clientWidth - 2) / w)));
    for (const b of $$("[data-zoom]")) b.onclick = () => b.dataset.zoom === "fit" ? fit() : set(z * (b.dataset.zoom === "in" ? 1.25 : .8));
    canvas.addEventListener("wheel", e => { if (e.ctrlKey || e.metaKey) { e.preventDefault(); set(z * Math.exp(-e.deltaY / 300), e.clientX, e.clientY); } }, {passive: false});
    canvas.addEventListener("keydown", e => { if (e.key === "+" || e.key === "=") set(z * 1.25); else if (e.key === "-") set(z * .8); else if (e.key === "0") fit(); else return; e.preventDefault(); });
    let drag = null;
    canvas.addEventListener("pointerdown", e => { if (e.pointerType === "mouse" && e.button === 0 && !e.target.closest(".node")) { drag = [e.clientX, e.clientY, canvas.scrollLeft, canvas.scrollTop]; canvas.setPointerCapture(e.pointerId); } });
    canvas.addEventListener("pointermove", e => { if (drag) canvas.scrollTo(drag[2] + drag[0] - e.clientX, drag[3] + drag[1] - e.clientY); });
    for (const k of ["pointerup", "pointercancel"]) canvas.addEventListener(k, () => { drag = null; });
    fit();
  };

  const start = () => { index(); tell(); };
  for (const v of $$(".legend .verdict")) for (const s of states) if (v.classList.contains(s)) names.set(s, v.textContent.trim());
  start(); zoom(); follow();
  setInterval(tell, 1000);
})();
