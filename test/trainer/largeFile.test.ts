import { describeLargeFile } from './largeFile.ts';

describeLargeFile(10_000_000, () => undefined);
