#!/usr/bin/env node
/** The command line: `npx unbucket`. */
import { defineCommand, runMain } from "citty";
import { copy } from "./copy.ts";
import { endUnchecked } from "./copy/exit.ts";
import { init } from "./init.ts";
import { ownVersion } from "./package.ts";
import { probe } from "./probe.ts";
import { serve } from "./serve.ts";

if (process.argv[2] === "copy" && process.argv.some((word) => /^--check(=(?!false$)|$)/.test(word)))
  process.once("exit", endUnchecked);

await runMain(
  defineCommand({
    meta: {
      name: "unbucket",
      version: ownVersion(),
      description: "Object storage for JavaScript servers and edge runtimes",
    },
    subCommands: { copy, init, probe, serve },
  }),
);
