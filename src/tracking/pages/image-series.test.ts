import { expect, test } from "vitest";
import { imageSeries } from "./image-series.ts";

test("pictures by key and step, without their small copies and what has another name", () => {
  const paths = [
    "images/val#pred%step%10%timestamp%1700000000100%g1b2.png",
    "images/val#pred%step%10%timestamp%1700000000100%g1b2%compressed.webp",
    "images/val#pred%step%2%timestamp%1700000000000%g1b3.png",
    "images/val#pred%step%2%timestamp%1600000000000%g1b4.png",
    "images/50%_crop%step%0%timestamp%1%h.png",
    "images/cat.png",
    "images/a%step%x%timestamp%1%h.png",
  ];
  expect(imageSeries(paths)).toEqual([
    { key: "50%_crop", images: [{ step: 0, time: 1, path: paths[4] }] },
    {
      key: "val/pred",
      images: [
        { step: 2, time: 1_600_000_000_000, path: paths[3] },
        { step: 2, time: 1_700_000_000_000, path: paths[2] },
        { step: 10, time: 1_700_000_000_100, path: paths[0] },
      ],
    },
  ]);
});
