"use strict";
// Turnable models. One WebGL context draws all of them, one after the other, into canvases of their own: browsers allow
// about sixteen contexts, a page may show any number of designs.
window.geom3dViewer = (() => {
  const STEPS = 65535, NOTHING = 254;  // labels from there on are the empty space and what is beyond the box
  const open = new Map();
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
    places.forEach((place, k) => {
      for (let axis = 0; axis < 3; axis += 1) positions[3 * k + axis] = (points[3 * place + axis] / STEPS) * model.size[axis];
    });
    const plain = new THREE.BufferGeometry();
    plain.setAttribute("position", new THREE.BufferAttribute(positions, 3));
    return plain;
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
    scene.background = new THREE.Color("#ffffff");
    scene.add(new THREE.HemisphereLight("#ffffff", "#c9ced4", 2.2));
    const sun = new THREE.DirectionalLight("#ffffff", 1.5);
    sun.position.set(-0.4, -1, 1.4);
    scene.add(sun);
    const whole = [model.size[0] * model.copies[0], model.size[1] * model.copies[1], model.size[2]];
    const reach = Math.hypot(...whole), caps = [];
    const parts = model.regions.map((region, label) => {
      const geometry = label < NOTHING ? shell(model, arrays, label) : null, group = new THREE.Group();
      if (geometry) {
        const shaded = THREE.toCreasedNormals(geometry, 0.6), clippingPlanes = [plane];
        const surface = array(shaded, new THREE.MeshLambertMaterial({ color: region.colour, clippingPlanes }), model);
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
        const cap = new THREE.Mesh(new THREE.PlaneGeometry(4 * reach, 4 * reach), new THREE.MeshLambertMaterial({
          color: region.colour, emissive: region.colour, emissiveIntensity: 0.12, stencilWrite: true, stencilRef: 0,
          side: THREE.DoubleSide, stencilFunc: THREE.NotEqualStencilFunc, stencilFail: THREE.ReplaceStencilOp,
          stencilZFail: THREE.ReplaceStencilOp, stencilZPass: THREE.ReplaceStencilOp,
        }));
        cap.renderOrder = 3 * label + 2;
        cap.onAfterRender = () => renderer.clearStencil();
        group.add(cap);
        caps.push(cap);
      }
      scene.add(group);
      return group;
    });
    return { model, scene, plane, caps, parts, whole, reach };
  };

  const cut = (view) => {
    const axis = Number(view.axis.value), at = view.depth.value / 100, [lo, hi] = [-0.001, view.whole[axis] * 1.001];
    const normal = new THREE.Vector3().setComponent(axis, axis === 2 ? -1 : 1), place = axis === 2 ? hi - at * (hi - lo) : lo + at * (hi - lo);
    view.plane.set(normal, -normal.getComponent(axis) * place);
    view.caps.forEach((cap) => {
      cap.visible = at > 0;
      cap.position.set(...view.whole.map((length, k) => (k === axis ? place : length / 2)));
      cap.lookAt(cap.position.clone().add(normal));
    });
  };

  // A bar of a round length, 1, 2 or 5 times a power of ten, at the foot; the projection is parallel, so it holds everywhere.
  const scaleBar = (page, step, wide, high, sharp) => {
    const most = 0.3 * wide * step, power = 10 ** Math.floor(Math.log10(most));
    const length = [5, 2, 1].map((k) => k * power).find((found) => found <= most), long = length / step;
    const right = wide - 10 * sharp, low = high - 10 * sharp;
    page.fillStyle = "#202020";
    page.fillRect(right - long, low - 3 * sharp, long, 3 * sharp);
    page.font = `${12 * sharp}px sans-serif`;
    page.textAlign = "center";
    const words = `${Number(length.toPrecision(1))} µm`;
    page.fillText(words, right - long / 2, low - 7 * sharp);
    Object.assign(page.canvas.dataset, { bar: words, pixels: long / sharp });
  };

  const draw = (view) => {
    const { canvas } = view, sharp = Math.min(window.devicePixelRatio || 1, 2);
    const wide = Math.max(1, Math.round(canvas.clientWidth * sharp)), high = Math.max(1, Math.round(canvas.clientHeight * sharp));
    if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
    const half = 0.48 * view.reach, ratio = wide / high;
    Object.assign(view.camera, { left: -half * ratio, right: half * ratio, top: half, bottom: -half });
    view.camera.updateProjectionMatrix();
    renderer.setSize(wide, high, false);
    renderer.render(view.scene, view.camera);
    const page = canvas.getContext("2d");
    page.drawImage(renderer.domElement, 0, 0);
    scaleBar(page, (2 * half) / view.camera.zoom / high, wide, high, sharp);
    view.drawn = true;
  };
  const later = (view) => {
    if (view.waiting) return;
    view.waiting = true;
    requestAnimationFrame(() => { view.waiting = false; if (open.has(view.card)) draw(view); });
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

  const controls = (view) => {
    const words = ["from the left (x)", "from the front (y)", "from above (z)"];
    view.axis = element("select", {}, ...words.map((word, k) => new Option(word, k, k === 1, k === 1)));
    view.depth = element("input", { type: "range", min: 0, max: 100, step: 0.5, value: 100 * view.model.cut });
    view.depth.setAttribute("aria-label", "depth of the cut");
    const reset = element("button", { type: "button", textContent: "Reset" });
    [view.axis, view.depth].forEach((input) => input.addEventListener("input", () => { cut(view); later(view); }));
    reset.addEventListener("click", () => { view.depth.value = 100 * view.model.cut; view.axis.value = 1; cut(view); view.orbit.reset(); later(view); });
    const legend = element("div", { className: "line" }, ...view.model.regions.map((region, k) => {
      const box = element("input", { type: "checkbox", checked: true });
      box.addEventListener("change", () => { view.parts[k].visible = box.checked; later(view); });
      const swatch = element("span", { className: "swatch" });
      swatch.style.background = region.colour;
      return element("label", { title: region.role.replace("_", " ") }, box, swatch, `${region.name}: ${region.material}`);
    }));
    const shown = view.whole.map((length) => Number(length.toPrecision(4))).join(" × ");
    return element("div", { className: "panel" },
      element("div", { className: "line" }, element("label", {}, "cut ", view.axis), view.depth, reset), legend,
      element("div", { className: "line none" }, `${shown} µm; turn with the mouse or the arrow keys, enlarge with + and −`));
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
    later(view);
  };

  return {
    open(card, model) {
      const place = card.querySelector(".view");
      [...place.children].forEach((child) => { child.hidden = true; });
      if (!context()) {
        place.append(element("p", { className: "none", textContent: "This browser offers no WebGL: the model cannot be drawn." }));
        return;
      }
      const view = Object.assign(build(model), { card, drawn: false, waiting: false });
      view.canvas = element("canvas", { tabIndex: 0 });
      view.canvas.setAttribute("role", "img");
      view.canvas.setAttribute("aria-label", "model, to be turned with the arrow keys");
      place.append(view.canvas);
      view.panel = controls(view);
      place.after(view.panel);
      const middle = new THREE.Vector3(...view.whole).multiplyScalar(0.5);
      view.camera = new THREE.OrthographicCamera(-1, 1, 1, -1, 0.01 * view.reach, 12 * view.reach);
      view.camera.up.set(0, 0, 1);
      view.camera.position.copy(middle).addScaledVector(new THREE.Vector3(-0.5, -1.35, 0.75).normalize(), 5 * view.reach);
      view.orbit = new THREE.OrbitControls(view.camera, view.canvas);
      view.orbit.target.copy(middle);
      view.orbit.enableZoom = false;  // the wheel scrolls the page until the model has been touched
      view.orbit.update();
      view.orbit.saveState();
      view.orbit.addEventListener("change", () => later(view));
      view.canvas.addEventListener("focus", () => { view.orbit.enableZoom = true; });
      view.canvas.addEventListener("blur", () => { view.orbit.enableZoom = false; });
      view.canvas.addEventListener("pointerdown", () => view.canvas.focus());
      view.canvas.addEventListener("keydown", (event) => keys(view, event));
      view.watch = new ResizeObserver(() => later(view));
      view.watch.observe(view.canvas);
      open.set(card, view);
      cut(view);
      draw(view);
    },
    close(card) {
      const view = open.get(card), place = card.querySelector(".view");
      if (view) {
        open.delete(card);
        view.watch.disconnect();
        view.orbit.dispose();
        view.scene.traverse((part) => { part.geometry?.dispose(); part.material?.dispose(); });
        view.panel.remove();
      }
      [...place.children].forEach((child) => { if (child.hidden) child.hidden = false; else child.remove(); });
    },
  };
})();
