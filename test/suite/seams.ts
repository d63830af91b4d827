/** Which sides of the seams this runtime got: inside the package, as only there the names resolve. */
export { digestName } from "#digest";
export { transportName } from "#transport";
