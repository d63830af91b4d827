import { asks } from "./asked.ts";

asks("post-policy");
