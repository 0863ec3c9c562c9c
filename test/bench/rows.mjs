// What is measured. A row's `measure` returns a figure of which more is better; what is not the row's own work
// (clearing away, restarting) happens outside `timed`.
import { FTP_ROWS } from './ftp-rows.mjs';
import { S3_ROWS } from './s3-rows.mjs';
import { timed } from './timed.mjs';

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {ReturnType<typeof import('./client.mjs').rcloneClient>} client
 * @property {() => Promise<void>} restart Ends the server and starts it again over the same files.
 * @property {string} place Where the server and its clients keep what is theirs.
 * @property {any} server As its module in test/servers describes it.
 *
 * @typedef {object} Sizes
 * @property {number} mebibytes
 * @property {number} files
 * @property {number} entries
 *
 * @typedef {object} Inputs
 * @property {string} large
 * @property {string} many
 * @property {string} scratch An existing local directory.
 * @property {Sizes} sizes
 *
 * @typedef {object} Row
 * @property {string} id
 * @property {(sizes: Sizes) => string} title
 * @property {string} unit Of which more is better.
 * @property {'sftp' | 'ftp' | 'web' | 's3'} [protocol] That servers must speak; `web` is S3 or WebDAV. Default: sftp.
 * @property {'large' | 'many' | 'listed'} [input] What has to be made first.
 * @property {string[]} [needs] Rows that are measured before, because this one uses what they stored.
 * @property {boolean} [listing] Needs the server filled with names, past it.
 * @property {(contender: Contender, sizes: Sizes) => Promise<unknown>} [fill] Stores what the row needs, once.
 * @property {(contender: Contender, inputs: Inputs) => Promise<number>} measure
 */

/**
 * @param {Contender} contender
 * @param {Inputs} inputs
 */
async function list({ client }, { sizes }) {
  let names = 0;
  const seconds = await timed(async () => {
    names = (await client.run('lsf', client.at('listed'))).split('\n').length - 1;
  });
  if (names !== sizes.entries) throw new Error(`${names} names listed instead of ${sizes.entries}`);
  return names / seconds;
}

/** In this order: later rows use what earlier ones stored. rclone skips what is there already, so each begins clear. */
/** @type {Row[]} */
const SFTP_ROWS = [
  {
    id: 'put',
    input: 'large',
    title: (/** @type {Sizes} */ sizes) => `put ${sizes.mebibytes} MiB`,
    unit: 'MiB/s',
    measure: async (/** @type {Contender} */ { client }, /** @type {Inputs} */ inputs) => {
      await client.run('deletefile', client.at('large.dat')).catch(() => undefined);
      const seconds = await timed(() => client.run('copyto', inputs.large, client.at('large.dat')));
      return inputs.sizes.mebibytes / seconds;
    },
  },
  {
    id: 'get',
    title: (/** @type {Sizes} */ sizes) => `get ${sizes.mebibytes} MiB`,
    unit: 'MiB/s',
    needs: ['put'],
    measure: async (/** @type {Contender} */ { client }, /** @type {Inputs} */ inputs) => {
      const seconds = await timed(() =>
        client.run('copyto', client.at('large.dat'), `${inputs.scratch}/large.dat`),
      );
      return inputs.sizes.mebibytes / seconds;
    },
  },
  {
    id: 'up',
    input: 'many',
    title: (/** @type {Sizes} */ sizes) => `put ${sizes.files} files of 4 KiB`,
    unit: 'files/s',
    measure: async (/** @type {Contender} */ { client }, /** @type {Inputs} */ inputs) => {
      await client.run('purge', client.at('many')).catch(() => undefined);
      const seconds = await timed(() => client.run('copy', inputs.many, client.at('many')));
      return inputs.sizes.files / seconds;
    },
  },
  {
    id: 'down',
    title: (/** @type {Sizes} */ sizes) => `get ${sizes.files} files of 4 KiB`,
    unit: 'files/s',
    needs: ['up'],
    measure: async (/** @type {Contender} */ { client }, /** @type {Inputs} */ inputs) => {
      const seconds = await timed(() => client.run('copy', client.at('many'), `${inputs.scratch}/many`));
      return inputs.sizes.files / seconds;
    },
  },
  {
    id: 'cold',
    input: 'listed',
    title: (/** @type {Sizes} */ sizes) => `list ${sizes.entries} entries, server just started`,
    unit: 'names/s',
    listing: true,
    measure: async (/** @type {Contender} */ contender, /** @type {Inputs} */ inputs) => {
      await contender.restart();
      return list(contender, inputs);
    },
  },
  {
    id: 'warm',
    title: (/** @type {Sizes} */ sizes) => `list ${sizes.entries} entries again`,
    unit: 'names/s',
    needs: ['cold'],
    listing: true,
    measure: list,
  },
];

export const ROWS = [...SFTP_ROWS, ...FTP_ROWS, ...S3_ROWS];

/**
 * The rows that were asked for, with those that they build on.
 * @param {string[] | undefined} only
 */
export function chooseRows(only) {
  if (only === undefined) return ROWS;
  const unknown = only.filter((id) => !ROWS.some((row) => row.id === id));
  if (unknown.length > 0)
    throw new Error(`no row ${unknown.join(', ')}: there are ${ROWS.map((row) => row.id).join(', ')}`);
  const needed = new Set(only.flatMap((id) => [id, ...(ROWS.find((row) => row.id === id)?.needs ?? [])]));
  return ROWS.filter((row) => needed.has(row.id));
}
