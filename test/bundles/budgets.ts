/** Bytes gzipped, the larger of esbuild's and rolldown's: whoever adds to a subpath sees here what it costs, and so does the README. */
export const budgets: Readonly<Record<string, number>> = {
  unbucket: 23_300,
  "unbucket/respond": 5_500,
  "unbucket/guard": 7_700,
  "unbucket/form": 4_850,
  "unbucket/checksum": 3_150,
  "unbucket/post-policy": 2_550,
  "unbucket/gateway": 28_750,
  "unbucket/copy": 6_150,
  "unbucket/probe": 18_200,
  "unbucket/providers": 3_300,
  "unbucket/conformance": 29_500,
  "unbucket/drivers/fs": 51_150,
  "unbucket/drivers/s3": 42_750,
  "unbucket/drivers/memory": 23_100,
  "unbucket/drivers/r2": 24_900,
  "unbucket/drivers/env": 45_700,
};
