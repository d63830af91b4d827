import { asks } from "./asked.ts";

asks("encoding-type", "delimiter", "list-order", "list-below", "list-uploads");
