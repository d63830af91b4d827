import { asks } from "./asked.ts";

asks("unequal-parts", "small-parts", "part-10001");
