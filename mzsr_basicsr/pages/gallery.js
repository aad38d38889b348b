// The gallery: two pictures under a movable edge, and the same magnified crop of every picture.
const gallery = {
  ...JSON.parse(document.getElementById("gallery-data").textContent),
  place: -1, // of the image that is shown
  wanted: [null, null], // names of A and B
  at: [0.5, 0.5], // middle of the crop, as a share of width and height
  zoom: 4,
};
const ZOOMS = [2, 4, 8];
const byId = (id) => document.getElementById(id);
const clamp = (value, low, high) => Math.min(Math.max(value, low), Math.max(low, high));

gallery.find = (kernel, dataset, image) => gallery.images.findIndex(
  (entry) => entry.kernel === kernel && entry.dataset === dataset && entry.image === image,
);

gallery.open = (place, column) => {
  gallery.wanted[1] = column;
  gallery.show(place);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  byId("stage").focus({ preventScroll: true });
  byId("gallery").scrollIntoView({ behavior: calm ? "auto" : "smooth" });
};

function fill(select, texts, chosen) {
  select.replaceChildren(...texts.map(([text, value], place) => new Option(text, value ?? place)));
  select.value = chosen;
}

// Each list offers what there is under the choices before it.
function offer() {
  const shown = gallery.images[gallery.place];
  const unique = (field, entries) => [...new Set(entries.map((entry) => entry[field]))].map((text) => [text, text]);
  const ofKernel = gallery.images.filter((entry) => entry.kernel === shown.kernel);
  const ofSet = ofKernel.filter((entry) => entry.dataset === shown.dataset);
  fill(byId("kernel"), unique("kernel", gallery.images), shown.kernel);
  fill(byId("set"), unique("dataset", ofKernel), shown.dataset);
  fill(byId("image"), unique("image", ofSet), shown.image);
  byId("place").textContent = `${gallery.place + 1} / ${gallery.images.length}`;
}

// The image that agrees with the lists' choices, those of more weight first.
function choose(weights) {
  const chosen = { kernel: byId("kernel").value, dataset: byId("set").value, image: byId("image").value };
  const agreement = (entry) => Object.keys(weights).reduce((sum, field) => sum + weights[field] * (entry[field] === chosen[field]), 0);
  const scores = gallery.images.map(agreement);
  gallery.show(scores.indexOf(Math.max(...scores)));
}

gallery.show = (place) => {
  const [before, entry] = [gallery.images[gallery.place], gallery.images[place]];
  gallery.place = place;
  const same = before && before.dataset === entry.dataset && before.image === entry.image;
  if (!same) gallery.at = [entry.focus[0] / entry.width, entry.focus[1] / entry.height];
  offer();
  const names = entry.pictures.map((picture) => [picture.name]);
  const usual = [Math.min(1, names.length - 1), names.length - 1];
  ["a", "b"].forEach((id, side) => {
    const found = entry.pictures.findIndex((picture) => picture.name === gallery.wanted[side]);
    fill(byId(id), names, found < 0 ? usual[side] : found);
  });
  const root = byId("gallery").style;
  root.setProperty("--w", entry.width);
  root.setProperty("--h", entry.height);
  byId("caption").textContent = describe(entry);
  byId("tiles").replaceChildren(...entry.pictures.map(tile));
  compare();
  follow();
};

function describe(entry) {
  const [width, height] = entry.full;
  const cropped = width > entry.width || height > entry.height;
  const size = cropped ? `the middle ${entry.width}×${entry.height} px of ${width}×${height}` : `${width}×${height} px`;
  const missing = entry.missing.length ? ` No picture of: ${entry.missing.join(", ")}.` : "";
  return `${entry.image}, ${entry.dataset}, ${entry.kernel}: ${size}.${missing}`;
}

function tile(picture, place) {
  const figure = byId("tile").content.firstElementChild.cloneNode(true);
  Object.assign(figure.querySelector("img"), { src: gallery.uris[picture.uri], alt: `Crop of ${picture.name}` });
  figure.querySelector("b").textContent = picture.name;
  figure.querySelector(".figures").textContent = picture.text || (place ? "not measured" : "reference");
  figure.querySelectorAll("button").forEach((button, side) => {
    button.ariaLabel = `Show ${picture.name} as ${"AB"[side]}`;
    button.onclick = () => { byId("ab"[side]).value = place; compare(true); };
  });
  return figure;
}

// Put A and B under the edge, as pictures or as error maps.
function compare(byHand) {
  const entry = gallery.images[gallery.place];
  const asErrors = byId("errors").checked;
  ["a", "b"].forEach((id, side) => {
    const place = Number(byId(id).value);
    const picture = entry.pictures[place];
    const uri = gallery.uris[asErrors ? picture.errors : picture.uri];
    const image = byId(`picture-${id}`);
    image.hidden = uri === undefined; // HR has no errors: black
    if (uri !== undefined) image.src = uri;
    image.alt = `${id.toUpperCase()}: ${asErrors ? "error map of " : ""}${picture.name}`;
    byId(`tag-${id}`).textContent = asErrors ? `|${picture.name} − HR|` : `${picture.name} ${picture.text}`;
    [...byId("tiles").children].forEach((figure, other) => {
      figure.querySelectorAll("button")[side].ariaPressed = String(other === place);
    });
    if (byHand === true) gallery.wanted[side] = picture.name;
  });
  byId("legend").hidden = !asErrors;
}

function cut(share) {
  byId("cut").value = clamp(share * 100, 0, 100);
  byId("gallery").style.setProperty("--cut", `${byId("cut").value}%`);
}

// Lay the crop around `gallery.at` but inside the image: one place for the frame and all tiles.
function follow() {
  const entry = gallery.images[gallery.place];
  const lens = byId("tiles").querySelector(".lens").clientWidth / gallery.zoom;
  const root = byId("gallery").style;
  [["x", entry.width], ["y", entry.height]].forEach(([axis, length], index) => {
    const start = clamp(Math.round(gallery.at[index] * length - lens / 2), 0, Math.floor(length - lens));
    root.setProperty(`--${axis}`, start);
  });
  root.setProperty("--crop-w", Math.min(lens, entry.width));
  root.setProperty("--crop-h", Math.min(lens, entry.height));
  root.setProperty("--zoom", gallery.zoom);
}

function magnify(steps) {
  const next = clamp(ZOOMS.indexOf(gallery.zoom) + steps, 0, ZOOMS.length - 1);
  const changed = ZOOMS[next] !== gallery.zoom;
  gallery.zoom = ZOOMS[next];
  byId(`zoom-${gallery.zoom}`).checked = true;
  follow();
  return changed;
}

gallery.step = (steps) => {
  const count = gallery.images.length;
  gallery.show((gallery.place + steps + count) % count);
};
