"""Train the demo's teacher: a tiny OWLv2 that reads prompts, from scratch, on procedural daylight frames.

    python -m infra.demo.train_teacher --out infra/demo/teacher

Half an hour on two free cores. It sits on a plateau for a good thousand steps before it begins to see: let it run to
the end. It is trained by day, nearly without the rare part, so that the night shift and the bearings are left to
people: that is what the demo is about. The model is transformers' own OWLv2; nothing of it is changed.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torchvision.ops import generalized_box_iou_loss, sigmoid_focal_loss
from transformers import CLIPTokenizer, Owlv2Config, Owlv2ForObjectDetection, Owlv2ImageProcessor, Owlv2Processor

from infra.demo.configuration import PROMPTS
from nightshift.simulation.line.scene import HEIGHT, WIDTH, render_clip

SIDE, PATCH, TOKENS = 192, 16, 24
GRID = SIDE // PATCH
ROWS = SIDE * HEIGHT // WIDTH  # of the square that hold picture; the rest is padding
INNER = 0.6  # of a box: tokens whose centre lies there are its positives
CLASS_OF = [index for index, prompts in enumerate(PROMPTS.values()) for _ in prompts]
SENTENCES = [prompt for prompts in PROMPTS.values() for prompt in prompts]


@dataclass(frozen=True, slots=True)
class Pool:
    """Rendered scenes as the model sees them.

    Args:
        pixels: (n, 3, SIDE, SIDE) float16, normalised.
        boxes: per scene (k, 4) float32 xyxy in shares of the padded square.
        classes: per scene (k,) int64.
    """

    pixels: Tensor
    boxes: list[Tensor]
    classes: list[Tensor]


def main() -> None:
    """Render, train, save."""
    options = _options()
    torch.manual_seed(options.seed)
    model, processor = build()
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters", flush=True)
    pool = render(options.clips, processor, options.seed)
    for step in train(model, pool, processor, options.steps, options.batch, options.seed):
        if step % 1000 == 0:
            save(model, processor, options.out)
    save(model, processor, options.out)


def build() -> tuple[Owlv2ForObjectDetection, Owlv2Processor]:
    """The model with fresh weights, and the processor that belongs to it."""
    tokenizer = make_tokenizer(SENTENCES)
    size = len(tokenizer)
    text = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 1, "num_attention_heads": 4}
    text |= {"max_position_embeddings": TOKENS, "vocab_size": size, "bos_token_id": size - 2, "eos_token_id": size - 1}
    vision = {"hidden_size": 128, "intermediate_size": 384, "num_hidden_layers": 4, "num_attention_heads": 4}
    vision |= {"image_size": SIDE, "patch_size": PATCH}
    model = Owlv2ForObjectDetection(Owlv2Config(text_config=text, vision_config=vision, projection_dim=64))
    with torch.no_grad():  # otherwise its sigmoid saturates and never learns
        model.box_head.dense2.weight.zero_()
        model.box_head.dense2.bias.zero_()
    return model, Owlv2Processor(  # type: ignore[no-untyped-call]
        Owlv2ImageProcessor(size={"height": SIDE, "width": SIDE}), tokenizer
    )


def make_tokenizer(sentences: Sequence[str]) -> CLIPTokenizer:
    """A CLIP tokenizer that knows the words of the sentences whole, and any other word letter by letter."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789-"
    words = sorted({word for sentence in sentences for word in sentence.split()})
    merges = list(dict.fromkeys(pair for word in words for pair in _merges(word)))
    tokens = ["!", *letters, *(f"{each}</w>" for each in letters), *("".join(pair) for pair in merges)]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(
        vocab={token: i for i, token in enumerate(dict.fromkeys(tokens))},
        merges=merges,  # type: ignore[arg-type]  # pairs are what the tokenizer takes
        model_max_length=TOKENS,
    )


def _merges(word: str) -> Iterator[tuple[str, str]]:
    parts = [*word[:-1], f"{word[-1]}</w>"]
    grown = parts[0]
    for part in parts[1:]:
        yield grown, part
        grown += part


def render(clips: int, processor: Owlv2Processor, seed: int) -> Pool:
    """Daylight scenes, two of each clip, prepared exactly as the processor prepares a frame."""
    pixels, boxes, classes, began = [], [], [], time.monotonic()
    for clip in range(clips):
        scenes = render_clip(1_000_000 * (seed + 1) + clip, "day", 2, rare_share=0.01)
        ready = processor.image_processor(images=[each.image for each in scenes], return_tensors="pt")
        pixels.append(ready["pixel_values"].half())
        boxes += [torch.from_numpy(each.truth.boxes / np.float32(max(WIDTH, HEIGHT))) for each in scenes]
        classes += [torch.from_numpy(np.array(each.truth.classes)) for each in scenes]
        if clip % 250 == 0:
            print(f"rendered {clip} of {clips} clips, {time.monotonic() - began:.0f} s", flush=True)
    return Pool(torch.cat(pixels), boxes, classes)


def train(
    model: Owlv2ForObjectDetection, pool: Pool, processor: Owlv2Processor, steps: int, batch: int, seed: int
) -> Iterator[int]:
    """AdamW with one cycle to 1e-3; yields the number of each step done."""
    words = processor.tokenizer(SENTENCES, padding="max_length", return_tensors="pt")
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-4)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-3, total_steps=steps, pct_start=0.1)
    chance, began, running = np.random.default_rng(seed), time.monotonic(), 0.0
    model.train()
    for step in range(1, steps + 1):
        pixels, boxes, classes = _draw(pool, batch, chance)
        seen = model(
            input_ids=words["input_ids"].repeat(batch, 1),
            attention_mask=words["attention_mask"].repeat(batch, 1),
            pixel_values=pixels,
        )
        found = loss(seen.logits, seen.pred_boxes, seen.objectness_logits, boxes, classes)
        optimizer.zero_grad()
        found.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        cycle.step()
        running = found.item() if step == 1 else 0.98 * running + 0.02 * found.item()
        if step % 50 == 0 or step == 1:
            print(f"step {step} of {steps}, loss {running:.3f}, {time.monotonic() - began:.0f} s", flush=True)
        yield step


def _draw(pool: Pool, batch: int, chance: np.random.Generator) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    """A batch, flipped at random; the padding below the picture stays where it is."""
    chosen = chance.integers(0, len(pool.boxes), batch)
    pixels = pool.pixels[torch.from_numpy(chosen)].float()
    boxes = [pool.boxes[i].clone() for i in chosen]
    for i in range(batch):
        if chance.random() < 0.5:  # noqa: PLR2004 - a fair coin
            pixels[i] = pixels[i].flip(2)
            boxes[i][:, [0, 2]] = 1 - boxes[i][:, [2, 0]]
        if chance.random() < 0.5:  # noqa: PLR2004
            pixels[i, :, :ROWS] = pixels[i, :, :ROWS].flip(1)
            boxes[i][:, [1, 3]] = ROWS / SIDE - boxes[i][:, [3, 1]]
        pixels[i] = pixels[i] * chance.uniform(0.9, 1.1) + chance.uniform(-0.1, 0.1)
    return pixels, boxes, [pool.classes[i] for i in chosen]


def loss(logits: Tensor, found: Tensor, objectness: Tensor, boxes: list[Tensor], classes: list[Tensor]) -> Tensor:
    """Focal on prompts, L1 and GIoU on the boxes of positives, cross-entropy on objectness.

    Args:
        logits: (b, tokens, prompts).
        found: (b, tokens, 4) cxcywh, shares of the square.
        objectness: (b, tokens).
        boxes: b times (k, 4) xyxy.
        classes: b times (k,).
    """
    owner = torch.stack([_owners(each) for each in boxes])
    positive = owner >= 0
    wanted = torch.zeros_like(logits)
    targets = torch.zeros_like(found)
    for i, mine in enumerate(owner):
        hit = positive[i]
        label = classes[i][mine[hit]]
        wanted[i, hit] = (label[:, None] == torch.tensor(CLASS_OF)[None]).float()
        targets[i, hit] = boxes[i][mine[hit]]
    many = positive.sum().clamp(min=1)
    focal = sigmoid_focal_loss(logits, wanted, alpha=0.4, gamma=2.0, reduction="sum") / many / 3
    seen = _corners(found[positive])
    near = functional.l1_loss(seen, targets[positive], reduction="sum") / many
    overlap = generalized_box_iou_loss(seen, targets[positive], reduction="sum") / many
    there = functional.binary_cross_entropy_with_logits(objectness, positive.float())
    total: Tensor = 4 * focal + 5 * near + 2 * overlap + there
    return total


def _owners(boxes: Tensor) -> Tensor:
    """(tokens,) index of the box a token answers for, -1 for none; the smallest box wins."""
    at = (torch.arange(GRID) + 0.5) / GRID
    centre = torch.stack([at.repeat(GRID), at.repeat_interleave(GRID)], dim=1)
    owner = torch.full((GRID * GRID,), -1)
    sides = boxes[:, 2:] - boxes[:, :2]
    for i in torch.argsort(sides.prod(1), descending=True).tolist():
        middle = (boxes[i, :2] + boxes[i, 2:]) / 2
        inside = ((centre - middle).abs() <= INNER / 2 * sides[i]).all(1)
        inside[(centre - middle).square().sum(1).argmin()] = True
        owner[inside] = i
    return owner


def _corners(boxes: Tensor) -> Tensor:
    return torch.cat([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], 1)


def save(model: Owlv2ForObjectDetection, processor: Owlv2Processor, out: Path) -> None:
    """As every checkpoint of transformers lies on disk."""
    model.save_pretrained(out)
    processor.save_pretrained(out)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=sys.modules[__name__].__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "teacher")
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--clips", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
