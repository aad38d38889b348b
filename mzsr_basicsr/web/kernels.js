// Two ways to draw a kernel, each in a canvas of a gr.HTML component. Its value is JSON: of a Gaussian
// [width 1, width 2, degrees], of a path [[x, y], …] in px. x goes right and y down, from the middle.
const SIDE = 260;
const HANDLE = 9;

function shade(level) {  // from black over red to light yellow, as in the drawings of results
  const stops = [[0, 0, 4], [87, 16, 110], [188, 55, 84], [249, 142, 9], [252, 255, 164]];
  const place = Math.min(Math.max(level, 0), 1) * (stops.length - 1);
  const low = Math.min(Math.floor(place), stops.length - 2);
  return `rgb(${stops[low].map((v, i) => Math.round(v + (place - low) * (stops[low + 1][i] - v)))})`;
}

function canvasIn(element) {
  const canvas = element.querySelector("canvas");
  const sharp = window.devicePixelRatio || 1;
  canvas.width = canvas.height = SIDE * sharp;
  const pen = canvas.getContext("2d");
  pen.scale(sharp, sharp);
  return [canvas, pen];
}

function placeOf(canvas, event) {  // in canvas units from the middle
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top].map((v) => (v * SIDE) / box.width - SIDE / 2);
}

function squares(pen, weights, count) {  // (count, count), the largest is light
  const cell = SIDE / count;
  const peak = Math.max(...weights, 1e-12);
  for (let row = 0; row < count; row += 1) {
    for (let column = 0; column < count; column += 1) {
      pen.fillStyle = shade(weights[row * count + column] / peak);
      pen.fillRect(column * cell, row * cell, cell + 0.5, cell + 0.5);
    }
  }
}

function dragging(canvas, begin, move, end) {
  let held = null;
  canvas.addEventListener("pointerdown", (event) => {
    held = begin(placeOf(canvas, event));
    if (held !== null) canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => { if (held !== null) move(placeOf(canvas, event), held); });
  for (const name of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(name, () => { if (held !== null) end(); held = null; });
  }
}

function gaussian(element, props, trigger, watch) {
  const [canvas, pen] = canvasIn(element);
  const count = 21;
  const unit = SIDE / count;
  let [first, second, degrees] = JSON.parse(props.value);

  const ends = () => {
    const turn = (degrees * Math.PI) / 180;
    const [c, s] = [Math.cos(turn), Math.sin(turn)];
    return [[first * c * unit, first * s * unit], [-second * s * unit, second * c * unit]];
  };
  const draw = () => {
    const turn = (degrees * Math.PI) / 180;
    const [c, s] = [Math.cos(turn), Math.sin(turn)];
    const weights = [];
    for (let y = -(count >> 1); y <= count >> 1; y += 1) {
      for (let x = -(count >> 1); x <= count >> 1; x += 1) {
        const [along, across] = [c * x + s * y, c * y - s * x];
        weights.push(Math.exp(-0.5 * ((along / first) ** 2 + (across / second) ** 2)));
      }
    }
    squares(pen, weights, count);
    pen.lineWidth = 2;
    pen.strokeStyle = "#40e0d0";
    pen.beginPath();
    pen.ellipse(SIDE / 2, SIDE / 2, first * unit, second * unit, turn, 0, 2 * Math.PI);
    pen.stroke();
    for (const [x, y] of ends()) {
      pen.beginPath();
      pen.arc(SIDE / 2 + x, SIDE / 2 + y, HANDLE, 0, 2 * Math.PI);
      pen.fillStyle = "#ffffff";
      pen.fill();
      pen.stroke();
    }
  };
  const within = (width) => Math.round(Math.min(Math.max(width, 0.3), 8) * 20) / 20;

  dragging(canvas, (place) => {
    const far = ends().map(([x, y]) => Math.hypot(x - place[0], y - place[1]));
    const nearest = far[0] <= far[1] ? 0 : 1;
    return far[nearest] < 3 * HANDLE ? nearest : null;
  }, ([x, y], handle) => {
    const width = within(Math.hypot(x, y) / unit);
    const angle = (Math.atan2(y, x) * 180) / Math.PI - 90 * handle;
    degrees = Math.round(((angle % 180) + 180) % 180) % 180;
    if (handle === 0) first = width; else second = width;
    draw();
  }, () => { props.value = JSON.stringify([first, second, degrees]); trigger("input"); });
  watch("value", () => { [first, second, degrees] = JSON.parse(props.value); draw(); });
  draw();
}

function path(element, props, trigger) {
  const [canvas, pen] = canvasIn(element);
  const reach = 12;  // px to each side
  const count = 2 * reach + 1;
  const unit = SIDE / count;
  let points = [];

  const draw = () => {
    const weights = new Array(count * count).fill(0);
    const drop = (x, y) => {
      const [left, top] = [Math.floor(x), Math.floor(y)];
      for (const [row, down] of [[top, top + 1 - y], [top + 1, y - top]]) {
        for (const [column, across] of [[left, left + 1 - x], [left + 1, x - left]]) {
          if (row >= 0 && row < count && column >= 0 && column < count) weights[row * count + column] += down * across;
        }
      }
    };
    points.slice(1).forEach(([x, y], index) => {
      const [from, far] = [points[index], Math.hypot(x - points[index][0], y - points[index][1])];
      const steps = Math.max(1, Math.ceil(16 * far));
      for (let step = 0; step < steps; step += 1) {
        const share = (step + 0.5) / steps;
        drop(reach + from[0] + share * (x - from[0]), reach + from[1] + share * (y - from[1]));
      }
    });
    squares(pen, weights, count);
    pen.strokeStyle = "rgba(255, 255, 255, .25)";
    pen.strokeRect(reach * unit, reach * unit, unit, unit);
    if (points.length) {
      const [x, y] = points[points.length - 1];
      pen.fillStyle = "#40e0d0";
      pen.beginPath();
      pen.arc(SIDE / 2 + x * unit, SIDE / 2 + y * unit, 4, 0, 2 * Math.PI);
      pen.fill();
    }
  };
  const add = (x, y) => {
    const limit = (v) => Math.round(Math.min(Math.max(v, -reach), reach) * 100) / 100;
    const [last, next] = [points[points.length - 1], [limit(x), limit(y)]];
    if (!last || Math.hypot(last[0] - next[0], last[1] - next[1]) >= 0.2) points.push(next);
    draw();
  };
  const tell = () => { props.value = JSON.stringify(points.slice(0, 2000)); trigger("input"); };

  dragging(canvas, ([x, y]) => { points = []; add(x / unit, y / unit); return 0; },
    ([x, y]) => add(x / unit, y / unit), tell);
  canvas.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (moves[event.key]) {
      const [x, y] = points[points.length - 1] || [0, 0];
      if (!points.length) points.push([0, 0]);
      add(x + moves[event.key][0], y + moves[event.key][1]);
    } else if (event.key === "Backspace" || event.key === "Delete") {
      points = event.key === "Delete" ? [] : points.slice(0, -1);
      draw();
    } else return;
    event.preventDefault();
    tell();
  });
  draw();
}
