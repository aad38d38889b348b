const byId = id => document.getElementById(id);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const frames = DATA.frames;
const zoom = DATA.zoom;
let shown = frames.length - 1;
let view = "sr";
let timer = null;

const load = uri => {
  const picture = new Image();
  picture.src = uri;
  return picture;
};
const sr = frames.map(frame => load(frame.sr));
const loaded = { sr, hr: sr };  // of each view, what the enlargement shows; the HR image has one of its own
const lr = load(DATA.lr);
const hr = DATA.hr ? load(DATA.hr) : null;

function enlarge(id, picture, shrink) {
  const canvas = byId(id);
  const pen = canvas.getContext("2d");
  pen.imageSmoothingEnabled = false;
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, zoom.x / shrink, zoom.y / shrink, zoom.side / shrink, zoom.side / shrink, 0, 0, canvas.width, canvas.height);
}

function showZoom() {
  enlarge("zoom-lr", lr, DATA.scale);
  enlarge("zoom-first", sr[0], 1);
  enlarge("zoom-now", loaded[view][shown], 1);
  if (hr) enlarge("zoom-hr", hr, 1);
  const { width, height } = sr[0];
  const style = byId("marker").style;
  style.left = `${100 * zoom.x / width}%`;
  style.top = `${100 * zoom.y / height}%`;
  style.width = `${100 * zoom.side / width}%`;
  style.height = `${100 * zoom.side / height}%`;
}

function showPlots() {
  document.querySelectorAll(".plots svg").forEach((svg, index) => {
    const plot = DATA.plots[index];
    let line = svg.querySelector(".now-line");
    if (!line) {
      line = document.createElementNS("http://www.w3.org/2000/svg", "line");
      line.setAttribute("class", "now-line");
      line.setAttribute("y1", plot.top);
      line.setAttribute("y2", plot.bottom);
      svg.append(line);
    }
    line.setAttribute("x1", plot.places[shown]);
    line.setAttribute("x2", plot.places[shown]);
  });
}

function showLayers() {
  const frame = frames[shown];
  document.querySelectorAll("[data-layer]").forEach((bar, index) => {
    bar.style.width = `${DATA.largest ? 100 * frame.moved[index] / DATA.largest : 0}%`;
  });
  document.querySelectorAll("[data-amount]").forEach((amount, index) => {
    amount.textContent = frame.moved_words[index];
  });
}

function show(index) {
  shown = Math.max(0, Math.min(frames.length - 1, index));
  const frame = frames[shown];
  byId("step").value = shown;
  byId("step").setAttribute("aria-valuetext", frame.caption);
  byId("caption").textContent = frame.caption;
  const label = document.querySelector(`[data-view="${view}"]`).textContent;
  byId("zoom-words").textContent = `update ${frame.number}${loaded[view] === sr ? "" : `: ${label.toLowerCase()}`}`;
  byId("picture").src = view === "hr" ? DATA.hr : frame[view];
  byId("picture").alt = view === "hr" ? label : `${label}, ${frame.caption}`;
  document.querySelectorAll("[data-number]").forEach((cell, place) => { cell.textContent = frame.words[place]; });
  document.querySelectorAll("[data-row]").forEach((row, place) => row.classList.toggle("now", place === shown));
  showZoom();
  showPlots();
  showLayers();
}

function stop() {
  clearInterval(timer);
  timer = null;
  byId("play").textContent = "Play";
  byId("play").setAttribute("aria-pressed", "false");
}

function play() {
  if (timer !== null) return stop();
  if (shown === frames.length - 1) show(0);
  byId("play").textContent = "Pause";
  byId("play").setAttribute("aria-pressed", "true");
  timer = setInterval(() => {
    show(shown + 1);
    if (shown === frames.length - 1) stop();
  }, calm.matches ? 1500 : 500);
}

function go(index) {
  stop();
  show(index);
}

byId("first").onclick = () => go(0);
byId("back").onclick = () => go(shown - 1);
byId("on").onclick = () => go(shown + 1);
byId("last").onclick = () => go(frames.length - 1);
byId("play").onclick = play;
byId("step").oninput = event => go(Number(event.target.value));

document.querySelectorAll("[data-view]").forEach(button => {
  button.onclick = () => {
    const chosen = button.dataset.view;
    loaded[chosen] ??= frames.map(frame => load(frame[chosen]));
    view = chosen;
    document.querySelectorAll("[data-view]").forEach(other => other.setAttribute("aria-pressed", other === button));
    byId("view-words").textContent = button.dataset.words;
    show(shown);
    Promise.all(loaded[chosen].map(picture => picture.decode())).then(() => show(shown));
  };
});

document.addEventListener("keydown", event => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.target.matches("input, select, textarea, [tabindex]")) return;
  const steps = { ArrowLeft: shown - 1, ArrowRight: shown + 1, Home: 0, End: frames.length - 1 };
  if (!(event.key in steps)) return;
  event.preventDefault();
  go(steps[event.key]);
});

byId("frame").onclick = event => {
  const box = byId("picture").getBoundingClientRect();
  const place = (at, from, length, whole) => {
    const corner = Math.round((at - from) / length * whole - zoom.side / 2);
    return Math.max(0, Math.min(whole - zoom.side, Math.floor(corner / DATA.scale) * DATA.scale));
  };
  zoom.x = place(event.clientX, box.left, box.width, sr[0].width);
  zoom.y = place(event.clientY, box.top, box.height, sr[0].height);
  showZoom();
};

Promise.all([...sr, lr, ...(hr ? [hr] : [])].map(picture => picture.decode())).then(() => show(shown));
