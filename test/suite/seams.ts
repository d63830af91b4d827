/** Which side of the seam this runtime got; inside the package, as only there the names resolve. */
export { transportName } from "#transport";
