import { describeLargeFile } from '../trainer/largeFile.ts';

describeLargeFile(200_000_000, (text) => console.log(text));
