/** `#folder` where there is a file system. */
export { default } from "../fs.ts";
