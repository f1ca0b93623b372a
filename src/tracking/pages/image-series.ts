export interface ImageSeries {
  readonly key: string;
  /** By step, then by the moment they were logged. */
  readonly images: readonly { readonly step: number; readonly time: number; readonly path: string }[];
}

/**
 * Pictures by key and step from the names that MLflow's client gives them (`MlflowClient.log_image`): `images/KEY%step%N%timestamp%MS%UUID.png`, where a slash of the key is `#`. The small
 * copies beside them (`…%compressed.webp`) and files of other names are left out. Two of one step are both kept.
 */
export function imageSeries(paths: readonly string[]): ImageSeries[] {
  const found = paths.flatMap((path) => {
    const [, key, step, time] = /^images\/(.+)[%+]step[%+](-?\d+)[%+]timestamp[%+](\d+)[%+][^%+/]+\.(?:png|jpe?g|gif|webp)$/i.exec(path) ?? [];
    return key === undefined ? [] : [{ key: key.replaceAll("#", "/"), step: Number(step), time: Number(time), path }];
  });
  return [...Map.groupBy(found, ({ key }) => key)]
    .map(([key, images]) => ({ key, images: images.map(({ step, time, path }) => ({ step, time, path })).toSorted((one, other) => one.step - other.step || one.time - other.time) }))
    .toSorted((one, other) => one.key.localeCompare(other.key, "en", { numeric: true }));
}
