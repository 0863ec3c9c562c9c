import pc from 'picocolors';

/** Colours when a person looks at standard error, as https://no-color.org asks; plain text otherwise. */
export const errorColors: ReturnType<typeof pc.createColors> = pc.createColors(
  process.stderr.isTTY === true && !process.env.NO_COLOR,
);
