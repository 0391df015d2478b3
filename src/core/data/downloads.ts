import { presets } from '../network/presets.ts';
import type { ExperimentInput } from '../training/experiment.ts';

/** A file on the network as it is known before anything of it is fetched. */
export interface DownloadFile {
  /** Name of the file that it becomes. */
  readonly name: string;
  readonly address: string;
  /** Bytes; absent where nobody has said so. */
  readonly size?: number;
  /** SHA-256 in hexadecimal; absent where nothing is known to compare with. */
  readonly sha256?: string;
}

/** Ids of the data sets that can be downloaded by name. */
export const downloadIds = ['mnist', 'fashion-mnist', 'kuzushiji-mnist'] as const;
export type DownloadId = (typeof downloadIds)[number];

/** A well-known data set, as images in the IDX format with labels: training and test files under MNIST's names. */
export interface DownloadSet {
  readonly id: DownloadId;
  readonly title: string;
  readonly description: string;
  readonly origin: string;
  readonly licence: string;
  /** Where it goes within a workspace; sets whose files share names need folders of their own. */
  readonly folder: string;
  readonly files: readonly DownloadFile[];
}

/** The four files of a set, given the folder of their addresses and size and SHA-256 of each. */
function idxFiles(
  base: string,
  known: readonly (readonly [name: string, size: number, sha256: string])[],
): readonly DownloadFile[] {
  return known.map(([name, size, sha256]) => ({ name, address: base + name, size, sha256 }));
}

const trainImages = 'train-images-idx3-ubyte.gz';
const trainLabels = 'train-labels-idx1-ubyte.gz';
const testImages = 't10k-images-idx3-ubyte.gz';
const testLabels = 't10k-labels-idx1-ubyte.gz';

/**
 * The data sets by id. Sizes and checksums are those that TensorFlow Datasets records in its url_checksums, and that
 * TorchVision's ports and others record as well.
 */
export const downloadSets: Readonly<Record<DownloadId, DownloadSet>> = {
  mnist: {
    id: 'mnist',
    title: 'MNIST',
    description: '70,000 handwritten digits, 28 × 28 grey pixels, 10 classes.',
    origin: 'Y. LeCun, C. Cortes, C. Burges; mirror of the Common Visual Data Foundation',
    licence: 'CC BY-SA 3.0',
    folder: 'data',
    files: idxFiles('https://storage.googleapis.com/cvdf-datasets/mnist/', [
      [trainImages, 9912422, '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609'],
      [trainLabels, 28881, '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c'],
      [testImages, 1648877, '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6'],
      [testLabels, 4542, 'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6'],
    ]),
  },
  'fashion-mnist': {
    id: 'fashion-mnist',
    title: 'Fashion-MNIST',
    description: '70,000 articles of clothing, 28 × 28 grey pixels, 10 classes.',
    origin: 'H. Xiao, K. Rasul, R. Vollgraf (Zalando Research); their own repository',
    licence: 'MIT',
    folder: 'data/fashion-mnist',
    files: idxFiles(
      'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/b2617bb6d3ffa2e429640350f613e3291e10b141/data/fashion/',
      [
        [trainImages, 26421880, '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84'],
        [trainLabels, 29515, 'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845'],
        [testImages, 4422102, '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073'],
        [testLabels, 5148, '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5'],
      ],
    ),
  },
  'kuzushiji-mnist': {
    id: 'kuzushiji-mnist',
    title: 'Kuzushiji-MNIST',
    description: '70,000 cursive Japanese characters, 28 × 28 grey pixels, 10 classes.',
    origin:
      'T. Clanuwat, M. Bober-Irizar, A. Kitamoto, A. Lamb, K. Yamamoto, D. Ha; their institute, ROIS-CODH',
    licence: 'CC BY-SA 4.0',
    folder: 'data/kuzushiji-mnist',
    files: idxFiles('https://codh.rois.ac.jp/kmnist/dataset/kmnist/', [
      [trainImages, 18165135, '51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4'],
      [trainLabels, 29497, 'e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17'],
      [testImages, 3041136, 'edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5'],
      [testLabels, 5120, '20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c'],
    ]),
  },
};

/**
 * The usual convolutional network of Keras on a set: 60,000 images to train on, 10,000 to judge by.
 * @param folder path of its files as the experiment file names it, with slashes; empty for the same folder
 */
export function experimentOn({ title }: DownloadSet, folder: string): ExperimentInput {
  const model = presets.find(({ id }) => id === 'cnn-medium')?.model;
  const layers = model?.type === 'layers' ? model.layers : [];
  const initialiser = 'glorotUniform';
  return {
    version: 1,
    name: `${title}, convolutional network`,
    data: {
      source: 'file',
      path: folder === '' ? trainImages : `${folder}/${trainImages}`,
      labels: trainLabels,
      validation: testImages,
      validationLabels: testLabels,
    },
    scaling: { features: 'minmax' },
    model: {
      type: 'layers',
      layers: layers.map((layer) =>
        layer.type === 'conv2d' || layer.type === 'dense' ? { ...layer, initialiser } : layer,
      ),
      initialiser,
    },
    loss: { id: 'softmax-cross-entropy' },
    optimizer: { type: 'adam', convention: 'keras', rate: 0.001 },
    training: { epochs: 5, batch: 32 },
  };
}
