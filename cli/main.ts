#!/usr/bin/env node
/** The command line: `npx unbucket`. */
import { defineCommand, runMain } from "citty";
import { copy } from "./copy.ts";
import { init } from "./init.ts";
import { ownVersion } from "./package.ts";
import { probe } from "./probe.ts";
import { serve } from "./serve.ts";

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
