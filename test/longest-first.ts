import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take a minute and more, which nothing but their names tells on a machine that has not run them yet. */
const LONG = [
  'interop/rclone',
  'interop/s3/programs',
  'interop/ftp-lftp',
  'interop/openssh-sftp',
  'interop/ftp-curl',
];

/** Begins with what takes long, so that nothing long is left when one worker has run out of files. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const long = ({ moduleId }: TestSpecification): boolean =>
      LONG.some((name) => moduleId.endsWith(`${name}.test.ts`));
    const sorted = await super.sort(files);
    return [...sorted.filter(long), ...sorted.filter((file) => !long(file))];
  }
}
