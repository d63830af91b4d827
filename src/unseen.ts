/**
 * Invisible characters, as ranges: an engine without Unicode tables refuses a whole file that uses `\p{...}`, such as
 * StarlingMonkey, on which WebAssembly components run.
 */

/** A control character or a lone surrogate. */
export const CONTROL: RegExp = /[^ -~\u00a0-\ud7ff\ue000-\u{10ffff}]/u;

/** Runs of those and of format characters (general category Cf), such as those that change the direction of text. */
export const UNSEEN: RegExp =
  /(?:[^ -~\u00a0-\ud7ff\ue000-\u{10ffff}]|[\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{110bd}\u{110cd}\u{13430}-\u{1343f}\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0001}\u{e0020}-\u{e007f}])+/gu;
