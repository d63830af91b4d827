/** Bytes gzipped, the larger of esbuild's and rolldown's: whoever adds to a subpath sees here what it costs, and so does the README. */
export const budgets: Readonly<Record<string, number>> = {
  unbucket: 23_750,
  "unbucket/respond": 5_600,
  "unbucket/guard": 7_850,
  "unbucket/form": 4_950,
  "unbucket/checksum": 3_250,
  "unbucket/post-policy": 2_550,
  "unbucket/gateway": 28_950,
  "unbucket/copy": 6_350,
  "unbucket/probe": 19_050,
  "unbucket/providers": 3_350,
  "unbucket/conformance": 29_500,
  "unbucket/drivers/fs": 53_800,
  "unbucket/drivers/s3": 44_300,
  "unbucket/drivers/memory": 23_550,
  "unbucket/drivers/r2": 25_400,
  "unbucket/drivers/env": 47_400,
};
