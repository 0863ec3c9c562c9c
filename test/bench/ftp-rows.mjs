// The rows of FTP: what each client does over each protection. The figures are those of the other rows.
import { mkdirSync, readdirSync } from 'node:fs';
import { curlClient, lftpClient } from './ftp-clients.mjs';
import { timed } from './timed.mjs';

/** Where what a row stores lies at the root. Rows of one client and protection use what they stored. */
const LARGE = 'large.dat';
const MANY = 'many';

const CLIENTS = {
  ftp: { title: 'curl, FTP', client: curlClient, secure: false },
  ftps: { title: 'curl, TLS', client: curlClient, secure: true },
  lftp: { title: 'lftp, FTP', client: lftpClient, secure: false },
  lftps: { title: 'lftp, TLS', client: lftpClient, secure: true },
};

/** @typedef {import('./rows.mjs').Row} Row */

/**
 * @param {string} kind
 * @param {{ title: string, client: typeof curlClient, secure: boolean }} way
 * @returns {Row[]}
 */
function rowsOf(kind, { title: way, client, secure }) {
  const enter = (/** @type {import('./rows.mjs').Contender} */ { place, server }) => ({
    ...lftpClient(place, server, false),
    ...client(place, server, secure),
  });
  return [
    {
      id: `${kind}-put`,
      title: (sizes) => `put ${sizes.mebibytes} MiB (${way})`,
      unit: 'MiB/s',
      protocol: 'ftp',
      input: 'large',
      measure: async (contender, inputs) => {
        const ftp = enter(contender);
        await ftp.clear(LARGE);
        return inputs.sizes.mebibytes / (await timed(() => ftp.put(inputs.large, LARGE)));
      },
    },
    {
      id: `${kind}-get`,
      title: (sizes) => `get ${sizes.mebibytes} MiB (${way})`,
      unit: 'MiB/s',
      protocol: 'ftp',
      needs: [`${kind}-put`],
      measure: async (contender, inputs) => {
        const ftp = enter(contender);
        return inputs.sizes.mebibytes / (await timed(() => ftp.get(LARGE, `${inputs.scratch}/${LARGE}`)));
      },
    },
    {
      id: `${kind}-up`,
      title: (sizes) => `put ${sizes.files} files of 4 KiB (${way})`,
      unit: 'files/s',
      protocol: 'ftp',
      input: 'many',
      measure: async (contender, inputs) => {
        const ftp = enter(contender);
        await ftp.clear(MANY);
        await ftp.make(MANY);
        return inputs.sizes.files / (await timed(() => ftp.up(inputs.many, MANY)));
      },
    },
    {
      id: `${kind}-down`,
      title: (sizes) => `get ${sizes.files} files of 4 KiB (${way})`,
      unit: 'files/s',
      protocol: 'ftp',
      needs: [`${kind}-up`],
      measure: async (contender, inputs) => {
        const ftp = enter(contender);
        const folder = `${inputs.scratch}/${MANY}`;
        mkdirSync(folder);
        const files = readdirSync(inputs.many);
        const seconds = await timed(() => ftp.down(MANY, folder, files));
        const got = readdirSync(folder).length;
        if (got !== files.length) throw new Error(`${got} files came instead of ${files.length}`);
        return files.length / seconds;
      },
    },
  ];
}

export const FTP_ROWS = Object.entries(CLIENTS).flatMap(([kind, way]) => rowsOf(kind, way));
