/** Bytes gzipped, the larger of esbuild's and rolldown's: whoever adds to a subpath sees here what it costs, and so does the README. */
export const budgets: Readonly<Record<string, number>> = {
  unbucket: 24_000,
  "unbucket/respond": 5_700,
  "unbucket/guard": 7_950,
  "unbucket/form": 5_100,
  "unbucket/checksum": 3_250,
  "unbucket/post-policy": 2_600,
  "unbucket/gateway": 29_250,
  "unbucket/copy": 6_450,
  "unbucket/probe": 19_350,
  "unbucket/providers": 3_350,
  "unbucket/conformance": 29_500,
  "unbucket/drivers/fs": 54_000,
  "unbucket/drivers/s3": 44_700,
  "unbucket/drivers/memory": 23_700,
  "unbucket/drivers/r2": 25_550,
  "unbucket/drivers/env": 47_850,
};
