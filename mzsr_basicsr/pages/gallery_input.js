// What the pointer, the keys and the lists do in the gallery.
function shareOf(event) {
  const box = byId("stage").getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height].map((s) => clamp(s, 0, 1));
}

function listenToPointer(stage) {
  let from = null; // where a drag began
  let rolled = 0; // px of the wheel since the last step
  const drag = (event) => {
    gallery.at = shareOf(event);
    follow();
    if (from === null) return;
    if (event.pointerType === "touch" && Math.abs(event.clientX - from) < 6) return; // a tap only moves the crop
    cut(gallery.at[0]);
  };
  stage.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    stage.setPointerCapture(event.pointerId);
    from = event.clientX;
    drag(event);
  });
  stage.addEventListener("pointermove", drag);
  ["pointerup", "pointercancel"].forEach((name) => stage.addEventListener(name, () => { from = null; }));
  stage.addEventListener("wheel", (event) => {
    if (event.ctrlKey) return; // the browser's own zoom
    const end = event.deltaY < 0 ? ZOOMS.at(-1) : ZOOMS[0];
    if (gallery.zoom === end) return; // the page scrolls on
    event.preventDefault();
    rolled = Math.sign(rolled) === Math.sign(event.deltaY) ? rolled + event.deltaY : event.deltaY;
    if (Math.abs(rolled) < 50 && event.deltaMode === 0) return;
    rolled = 0;
    magnify(event.deltaY < 0 ? 1 : -1);
  }, { passive: false });
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function listenToKeys(stage) {
  stage.addEventListener("keydown", (event) => {
    const entry = gallery.images[gallery.place];
    const step = event.shiftKey ? 1 : 8; // px
    if (ARROWS[event.key]) {
      const lengths = [entry.width, entry.height];
      gallery.at = gallery.at.map((share, axis) => clamp(share + (ARROWS[event.key][axis] * step) / lengths[axis], 0, 1));
      follow();
    } else if (event.key === "+" || event.key === "-") magnify(event.key === "+" ? 1 : -1);
    else return;
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    const free = event.target === document.body || event.target.closest(".steps");
    const box = byId("gallery").getBoundingClientRect();
    const inSight = box.top < innerHeight && box.bottom > 0;
    const plain = !(event.altKey || event.ctrlKey || event.metaKey || event.shiftKey);
    if (!free || !inSight || !plain || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    event.preventDefault();
    gallery.step(ARROWS[event.key][0]);
  });
}

function listenToLists() {
  byId("kernel").onchange = () => choose({ kernel: 4, dataset: 2, image: 1 });
  byId("set").onchange = () => choose({ kernel: 2, dataset: 4, image: 1 });
  byId("image").onchange = () => choose({ kernel: 4, dataset: 2, image: 1 });
  byId("previous").onclick = () => gallery.step(-1);
  byId("next").onclick = () => gallery.step(1);
  ["a", "b", "errors"].forEach((id) => { byId(id).onchange = () => compare(id !== "errors"); });
  byId("swap").onclick = () => {
    [byId("a").value, byId("b").value] = [byId("b").value, byId("a").value];
    compare(true);
  };
  byId("cut").oninput = (event) => cut(event.target.value / 100);
  ZOOMS.forEach((zoom) => {
    byId(`zoom-${zoom}`).onchange = () => magnify(ZOOMS.indexOf(zoom) - ZOOMS.indexOf(gallery.zoom));
  });
}

if (gallery.images.length) {
  listenToPointer(byId("stage"));
  listenToKeys(byId("stage"));
  listenToLists();
  gallery.show(0);
  new ResizeObserver(follow).observe(byId("tiles"));
}
