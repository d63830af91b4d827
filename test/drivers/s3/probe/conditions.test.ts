import { asks } from "./asked.ts";

asks(
  "put-if-none-match",
  "put-if-match",
  "complete-if-none-match",
  "complete-if-match",
  "copy-source-if-match",
  "copy-if-none-match",
  "delete-if-match",
);
