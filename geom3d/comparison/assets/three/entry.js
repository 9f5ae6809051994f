export {
  AlwaysStencilFunc, BackSide, BufferAttribute, BufferGeometry, Color, DecrementWrapStencilOp, DirectionalLight, DoubleSide, FrontSide,
  Group, HemisphereLight, IncrementWrapStencilOp, InstancedMesh, Matrix4, Mesh, MeshBasicMaterial, MeshLambertMaterial,
  NotEqualStencilFunc, OrthographicCamera, Plane, PlaneGeometry, ReplaceStencilOp, Scene, Vector3, WebGLRenderer,
} from "three";
export { OrbitControls } from "three/addons/controls/OrbitControls.js";
export { toCreasedNormals } from "three/addons/utils/BufferGeometryUtils.js";
