/**
 * Pictures of the page: all panels for a person who looks at them, and the one in the README.
 *
 * @module
 */

import { addressesOf } from "./addresses.ts";
import { copyWithSkopeo, openTab, type World } from "./world.ts";

// The sizes of a desk, an old projector, and a telephone (or a desk at 400 %).
const SIZES = [{ width: 1280, height: 900 }, { width: 1024, height: 768 }, { width: 320, height: 900 }];

const PICTURE = new URL("page.png", import.meta.url).pathname;

/** Makes a picture of each panel, light and dark, in each size. Returns the exit status. */
export async function takeScreenshots(world: World, folder: string): Promise<number> {
  await Deno.mkdir(folder, { recursive: true });
  for (const viewport of SIZES) {
    for (const colorScheme of ["light", "dark"] as const) {
      await using tab = await openTab(world, { viewport, colorScheme });
      for (const { name, address } of await addressesOf(world)) {
        await tab.open(address);
        await tab.settle();
        const path = `${folder}/${name}-${viewport.width}-${colorScheme}.png`;
        await tab.page.screenshot({ path, animations: "disabled" });
        console.log(path);
      }
    }
  }
  return 0;
}

/** Makes the picture of the README: what is to be seen when a push has ended. Returns the exit status. */
export async function takePicture(world: World): Promise<number> {
  await copyWithSkopeo(world, "gzip", "library/hello:latest");
  await copyWithSkopeo(world, "note", "library/hello:note");
  await using tab = await openTab(world, { viewport: { width: 1400, height: 840 }, colorScheme: "light" });
  await tab.listen("/");
  await copyWithSkopeo(world, "zstd", "library/fast:v1");
  await tab.until(`document.querySelector(".graph-box.tag.new") !== null`);
  await tab.settle();
  await tab.page.screenshot({ path: PICTURE, animations: "disabled" });
  console.log(PICTURE);
  return 0;
}
