/** The drivers of a runtime that has files. */
import fs from "unbucket/drivers/fs";
import { type Factory, portable } from "./jobs.ts";

export const withFolder: Readonly<Record<string, Factory>> = {
  ...portable,
  fs: ({ base }) => fs({ base: String(base) }),
};
