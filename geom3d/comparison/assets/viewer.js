"use strict";
// Turnable models. One WebGL context draws all of them, one after the other, into canvases of their own: browsers allow
// about sixteen contexts, a page may show any number of designs.
window.geom3dViewer = (() => {
  const STEPS = 65535, NOTHING = 254;  // labels from there on are the empty space and what is beyond the box
  const open = new Map();
  // What a page may choose: the colour behind, that of words, that of each region; whether views turn and are cut together, in one
  // scale; and where the controls go, null for nowhere.
  const USUAL = { back: "#ffffff", ink: "#202020", colour: (region) => region.colour, together: false, panel: undefined };
  let renderer = null;

  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;

  // The closed shell of one region, its normals outward.
  const shell = (model, arrays, label) => {
    const { points, triangles, behind, front } = arrays;
    const places = [];
    for (let t = 0; t < behind.length; t += 1) {
      if (behind[t] === label) places.push(triangles[3 * t], triangles[3 * t + 1], triangles[3 * t + 2]);
      if (front[t] === label) places.push(triangles[3 * t], triangles[3 * t + 2], triangles[3 * t + 1]);
    }
    if (!places.length) return null;
    const positions = new Float32Array(3 * places.length);
    let top = 0;
    places.forEach((place, k) => {
      for (let axis = 0; axis < 3; axis += 1) positions[3 * k + axis] = (points[3 * place + axis] / STEPS) * model.size[axis];
      top = Math.max(top, positions[3 * k + 2]);
    });
    const plain = new THREE.BufferGeometry();
    plain.setAttribute("position", new THREE.BufferAttribute(positions, 3));
    return { plain, top };
  };

  const decoded = (model) => ({
    points: new Uint16Array(bytes(model.points)),
    triangles: new (model.wide ? Uint32Array : Uint16Array)(bytes(model.triangles)),
    behind: new Uint8Array(bytes(model.behind)),
    front: new Uint8Array(bytes(model.front)),
  });

  // Copies of a cell side by side.
  const array = (geometry, material, model) => {
    const [columns, rows] = model.copies, mesh = new THREE.InstancedMesh(geometry, material, columns * rows);
    for (let i = 0; i < columns; i += 1) for (let j = 0; j < rows; j += 1) {
      mesh.setMatrixAt(i * rows + j, new THREE.Matrix4().makeTranslation(i * model.size[0], j * model.size[1], 0));
    }
    mesh.frustumCulled = false;
    return mesh;
  };

  const build = (model) => {
    const arrays = decoded(model), scene = new THREE.Scene(), plane = new THREE.Plane(new THREE.Vector3(0, 1, 0), 0);
    scene.add(new THREE.HemisphereLight("#ffffff", "#c9ced4", 2.2));
    const sun = new THREE.DirectionalLight("#ffffff", 1.5);
    sun.position.set(-0.4, -1, 1.4);
    scene.add(sun);
    const whole = [model.size[0] * model.copies[0], model.size[1] * model.copies[1], model.size[2]];
    const reach = Math.hypot(...whole), caps = [], paints = [], tops = [];
    const parts = model.regions.map((region, label) => {
      const found = label < NOTHING ? shell(model, arrays, label) : null, group = new THREE.Group();
      paints.push([]);
      tops.push(found ? found.top : 0);
      if (found) {
        const geometry = found.plain, shaded = THREE.toCreasedNormals(geometry, 0.6), clippingPlanes = [plane];
        const outside = new THREE.MeshLambertMaterial({ clippingPlanes }), surface = array(shaded, outside, model);
        surface.renderOrder = 3 * label;
        group.add(surface);
        // What the plane cuts is filled: count the faces beyond it that look away and those that look here; where the
        // two differ, the plane is inside the region.
        [[THREE.BackSide, THREE.IncrementWrapStencilOp], [THREE.FrontSide, THREE.DecrementWrapStencilOp]].forEach(([side, op]) => {
          const count = array(geometry, new THREE.MeshBasicMaterial({
            side, clippingPlanes, depthWrite: false, depthTest: false, colorWrite: false, stencilWrite: true,
            stencilFunc: THREE.AlwaysStencilFunc, stencilFail: op, stencilZFail: op, stencilZPass: op,
          }), model);
          count.renderOrder = 3 * label + 1;
          group.add(count);
        });
        const inside = new THREE.MeshLambertMaterial({
          emissiveIntensity: 0.12, stencilWrite: true, stencilRef: 0,
          side: THREE.DoubleSide, stencilFunc: THREE.NotEqualStencilFunc, stencilFail: THREE.ReplaceStencilOp,
          stencilZFail: THREE.ReplaceStencilOp, stencilZPass: THREE.ReplaceStencilOp,
        });
        const cap = new THREE.Mesh(new THREE.PlaneGeometry(4 * reach, 4 * reach), inside);
        cap.renderOrder = 3 * label + 2;
        cap.onAfterRender = () => renderer.clearStencil();
        group.add(cap);
        caps.push(cap);
        paints[label].push(outside, inside);
      }
      scene.add(group);
      return group;
    });
    // Regions from the bottom up, the order in which they are lifted apart.
    const order = tops.map((_, label) => label).sort((a, b) => tops[a] - tops[b] || a - b);
    return { model, scene, plane, caps, parts, paints, order, whole, reach, high: whole[2] };
  };

  const paint = (view) => {
    view.scene.background = new THREE.Color(view.style.back);
    view.model.regions.forEach((region, k) => view.paints[k].forEach((material) => {
      material.color.set(view.style.colour(region));
      if (material.stencilWrite) material.emissive.set(view.style.colour(region));
    }));
    view.swatches.forEach((swatch, k) => { swatch.style.background = view.style.colour(view.model.regions[k]); });
  };

  // Lifts the regions apart by up to their height each; what is looked at stays in the middle.
  const lift = (view) => {
    const gap = (view.apart.value / 100) * 0.6 * view.whole[2], before = view.high;
    view.order.forEach((label, rank) => { view.parts[label].position.z = rank * gap; });
    view.high = view.whole[2] + gap * (view.order.length - 1);
    [view.orbit.target, view.camera.position].forEach((place) => { place.z += (view.high - before) / 2; });
    view.orbit.update();
  };

  const cut = (view) => {
    const axis = Number(view.axis.value), at = view.depth.value / 100, [lo, hi] = [-0.001, (axis === 2 ? view.high : view.whole[axis]) * 1.001];
    const normal = new THREE.Vector3().setComponent(axis, axis === 2 ? -1 : 1), place = axis === 2 ? hi - at * (hi - lo) : lo + at * (hi - lo);
    view.plane.set(normal, -normal.getComponent(axis) * place);
    view.caps.forEach((cap) => {
      cap.visible = at > 0;
      cap.position.set(...view.whole.map((length, k) => (k === axis ? place : length / 2)));
      // The plane stays where it is, however far its region is lifted.
      if (axis === 2) cap.position.z -= cap.parent.position.z;
      cap.lookAt(cap.position.clone().setComponent(2, cap.position.z + cap.parent.position.z).add(normal));
    });
  };

  // A bar of a round length, 1, 2 or 5 times a power of ten, at the foot; the projection is parallel, so it holds everywhere.
  const scaleBar = (page, view, step, wide, high, sharp) => {
    const most = 0.3 * wide * step, power = 10 ** Math.floor(Math.log10(most));
    const length = [5, 2, 1].map((k) => k * power).find((found) => found <= most), long = length / step;
    const right = wide - 10 * sharp, low = high - 10 * sharp;
    page.fillStyle = view.style.ink;
    page.fillRect(right - long, low - 3 * sharp, long, 3 * sharp);
    page.font = `${12 * sharp}px sans-serif`;
    page.textAlign = "center";
    const words = `${Number(length.toPrecision(1))} µm`;
    page.fillText(words, right - long / 2, low - 7 * sharp);
    Object.assign(page.canvas.dataset, { bar: words, pixels: long / sharp });
  };

  // A view and those that go with it.
  const fellows = (view) => (view.style.together ? [view, ...[...open.values()].filter((other) => other !== view && other.style.together)] : [view]);

  // Half of what a view must show in height, µm, so that all is seen in a canvas of a ratio of width to height.
  const halfHeight = (view, ratio) => {
    const [x, y] = view.whole;
    return Math.max((view.high > view.whole[2] ? 0.54 : 0.48) * Math.hypot(x, y, view.high), (0.52 * Math.hypot(x, y)) / ratio);
  };

  const sharpness = () => Math.min(window.devicePixelRatio || 1, 2);
  const sizeOf = ({ canvas }) => [canvas.clientWidth, canvas.clientHeight].map((length) => Math.max(1, Math.round(length * sharpness())));
  const isFitting = (view) => sizeOf(view).every((length, k) => length === [view.canvas.width, view.canvas.height][k]);

  const draw = (view) => {
    cancelAnimationFrame(view.waiting);
    view.waiting = 0;
    const { canvas } = view, sharp = sharpness(), [wide, high] = sizeOf(view);
    if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
    const ratio = wide / high, half = Math.max(...fellows(view).map((other) => halfHeight(other, ratio)));
    Object.assign(view.camera, { left: -half * ratio, right: half * ratio, top: half, bottom: -half });
    view.camera.updateProjectionMatrix();
    renderer.setSize(wide, high, false);
    renderer.render(view.scene, view.camera);
    const page = canvas.getContext("2d");
    page.drawImage(renderer.domElement, 0, 0);
    scaleBar(page, view, (2 * half) / view.camera.zoom / high, wide, high, sharp);
    view.drawn = true;
  };
  const later = (view) => {
    if (!view.waiting) view.waiting = requestAnimationFrame(() => { if (open.has(view.card)) draw(view); });
  };

  const context = () => {
    if (renderer) return true;
    try {
      renderer = new THREE.WebGLRenderer({ antialias: true, stencil: true });
      renderer.localClippingEnabled = true;
      renderer.setPixelRatio(1);
    } catch {
      return false;
    }
    return true;
  };

  const element = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };

  // Boxes that hide regions, and the size of what is shown; regions keep by their name whether they are hidden.
  const legend = (view, hidden = new Set()) => {
    view.swatches = [];
    view.legend.replaceChildren(...view.model.regions.map((region, k) => {
      const box = element("input", { type: "checkbox", checked: !hidden.has(region.name) });
      box.addEventListener("change", () => { view.parts[k].visible = box.checked; lead(view); });
      view.parts[k].visible = box.checked;
      const swatch = element("span", { className: "swatch" });
      view.swatches.push(swatch);
      return element("label", { title: region.role.replace("_", " ") }, box, swatch, `${region.name}: ${region.material}`);
    }));
    const shown = view.whole.map((length) => Number(length.toPrecision(4))).join(" × ");
    view.words.textContent = `${shown} µm; turn with the mouse or the arrow keys, enlarge with + and −`;
  };

  // Where the model is cut to begin with; a slider rounds it.
  const begin = (view) => {
    view.depth.value = 100 * view.model.cut;
    view.began = view.depth.value;
  };

  const controls = (view) => {
    const words = ["from the left (x)", "from the front (y)", "from above (z)"];
    view.axis = element("select", {}, ...words.map((word, k) => new Option(word, k, k === 1, k === 1)));
    view.depth = element("input", { type: "range", min: 0, max: 100, step: 0.5 });
    begin(view);
    view.depth.setAttribute("aria-label", "depth of the cut");
    view.apart = element("input", { type: "range", min: 0, max: 100, step: 1, value: 0 });
    const reset = element("button", { type: "button", textContent: "Reset" });
    [view.axis, view.depth].forEach((input) => input.addEventListener("input", () => { cut(view); lead(view); }));
    view.apart.addEventListener("input", () => { lift(view); cut(view); lead(view); });
    reset.addEventListener("click", () => {
      begin(view);
      view.axis.value = 1;
      view.apart.value = 0;
      lift(view);
      look(view);
      cut(view);
      lead(view);
    });
    view.legend = element("div", { className: "line" });
    view.words = element("div", { className: "line none" });
    return element("div", { className: "panel" },
      element("div", { className: "line" }, element("label", {}, "cut ", view.axis), view.depth, reset),
      element("div", { className: "line" }, element("label", { className: "apart" }, "lift apart ", view.apart)), view.legend, view.words);
  };

  // From the front, a little from the left and above.
  const look = (view, way = new THREE.Vector3(-0.5, -1.35, 0.75).normalize(), zoom = 1) => {
    const middle = new THREE.Vector3(view.whole[0] / 2, view.whole[1] / 2, view.high / 2);
    view.orbit.target.copy(middle);
    view.camera.position.copy(middle).addScaledVector(way, 5 * view.reach);
    view.camera.zoom = zoom;
    Object.assign(view.camera, { near: 0.01 * view.reach, far: 14 * view.reach });
    view.orbit.update();
  };

  const hiddenIn = (view) => new Set(view.model.regions.filter((_, k) => !view.parts[k].visible).map((region) => region.name));

  // Cuts and lifts one view as another, and hides what is hidden there.
  const follow = (view, leader) => {
    ["axis", "depth", "apart"].forEach((input) => { view[input].value = leader[input].value; });
    legend(view, hiddenIn(leader));
    paint(view);
    lift(view);
    cut(view);
    later(view);
  };
  const lead = (view) => fellows(view).forEach((other) => { if (other === view) later(view); else follow(other, view); });

  const way = (view) => view.camera.position.clone().sub(view.orbit.target).normalize();

  // Views that turn together follow the one that is turned.
  let leading = null;
  const turned = (view) => {
    later(view);
    if (!view.style.together || leading) return;
    leading = view;
    fellows(view).slice(1).forEach((other) => { look(other, way(view), view.camera.zoom); later(other); });
    leading = null;
  };

  const keys = (view, event) => {
    const turns = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (turns) {
      const offset = view.camera.position.clone().sub(view.orbit.target), flat = Math.hypot(offset.x, offset.y);
      const angle = Math.atan2(offset.y, offset.x) + 0.15 * turns[0];
      const height = Math.min(1.5, Math.max(-1.5, Math.atan2(offset.z, flat) - 0.12 * turns[1])), far = offset.length();
      offset.set(far * Math.cos(height) * Math.cos(angle), far * Math.cos(height) * Math.sin(angle), far * Math.sin(height));
      view.camera.position.copy(view.orbit.target).add(offset);
    } else if ("+=-".includes(event.key)) {
      view.camera.zoom *= event.key === "-" ? 1 / 1.15 : 1.15;
    } else return;
    event.preventDefault();
    view.orbit.update();
    turned(view);
  };

  const discard = (scene) => scene.traverse((part) => { part.geometry?.dispose(); part.material?.dispose(); part.dispose?.(); });

  return {
    open(card, model, choice = {}) {
      const place = card.querySelector(".view");
      [...place.children].forEach((child) => { child.hidden = true; });
      if (!context()) {
        place.append(element("p", { className: "none", textContent: "This browser offers no WebGL: the model cannot be drawn." }));
        return;
      }
      const view = Object.assign(build(model), { card, drawn: false, waiting: 0, style: { ...USUAL, ...choice } });
      view.canvas = element("canvas", { tabIndex: 0 });
      view.canvas.setAttribute("role", "img");
      view.canvas.setAttribute("aria-label", "model, to be turned with the arrow keys");
      place.append(view.canvas);
      view.panel = controls(view);
      legend(view);
      if (view.style.panel) view.style.panel.append(view.panel);
      else if (view.style.panel === undefined) place.after(view.panel);
      view.camera = new THREE.OrthographicCamera(-1, 1, 1, -1);
      view.camera.up.set(0, 0, 1);
      view.orbit = new THREE.OrbitControls(view.camera, view.canvas);
      view.orbit.enableZoom = false;  // the wheel scrolls the page until the model has been touched
      look(view);
      view.orbit.addEventListener("change", () => turned(view));
      view.canvas.addEventListener("focus", () => { view.orbit.enableZoom = true; });
      view.canvas.addEventListener("blur", () => { view.orbit.enableZoom = false; });
      view.canvas.addEventListener("pointerdown", () => view.canvas.focus());
      view.canvas.addEventListener("keydown", (event) => keys(view, event));
      view.watch = new ResizeObserver(() => { if (view.canvas.clientWidth && !isFitting(view)) later(view); });
      view.watch.observe(view.canvas);
      open.set(card, view);
      paint(view);
      cut(view);
      const [, leader] = fellows(view);
      if (leader) {
        follow(view, leader);
        look(view, way(leader), leader.camera.zoom);
        later(leader);
      }
      draw(view);
    },
    // Another model in the same place, seen and cut as the one before.
    update(card, model) {
      const view = open.get(card);
      if (!view) return;
      const hidden = hiddenIn(view), seen = way(view), moved = view.depth.value !== view.began, { zoom } = view.camera;
      const before = view.scene;
      Object.assign(view, build(model));
      if (!moved) begin(view);
      legend(view, hidden);
      paint(view);
      lift(view);
      leading = view;  // the others stay as they are
      look(view, seen, zoom);
      leading = null;
      cut(view);
      draw(view);
      discard(before);  // only now, so that what the graphics card has compiled for it serves the new one
      fellows(view).slice(1).forEach(later);
    },
    // Other colours.
    restyle(card, choice) {
      const view = open.get(card);
      if (!view) return;
      Object.assign(view.style, choice);
      paint(view);
      later(view);
    },
    close(card) {
      const view = open.get(card), place = card.querySelector(".view");
      if (view) {
        open.delete(card);
        view.watch.disconnect();
        view.orbit.dispose();
        discard(view.scene);
        view.panel.remove();
        fellows(view).slice(1).forEach(later);
      }
      [...place.children].forEach((child) => { if (child.hidden) child.hidden = false; else child.remove(); });
    },
  };
})();
