"""Qwen2.5-VL and Qwen3-VL, fitted to the drawn scenes: each answers in its own units."""

import json
from collections.abc import Callable
from typing import Any

from transformers import (
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5_VLProcessor,
    Qwen2Tokenizer,
    Qwen2VLImageProcessor,
    Qwen2VLVideoProcessor,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    Qwen3VLProcessor,
    Qwen3VLVideoProcessor,
)

from nightshift.teachers._qwen_vl import question
from tests.contract.drawn_scenes import TIMES, Scene, enlarged, learn_by_heart, scenes
from tests.contract.tiny_words import PROMPTS, byte_vocab

ENDS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
SEEING = ("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
PHRASES = (question(PROMPTS), '{"bbox_2d": [', '], "label": "', '"}', *PROMPTS)  # a token each: short to learn
CHAT = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% for c in m.content %}{% if c.type == 'image' %}"
    "<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ c.text }}{% endif %}{% endfor %}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TEXT = {
    "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 2, "max_position_embeddings": 640, "tie_word_embeddings": False,
    "bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 0,
}  # fmt: skip


def make(kind: str) -> tuple[Any, Any]:
    """Model and processor; `kind` is qwen2_5_vl or qwen3_vl."""
    model, processor = _second() if kind == "qwen2_5_vl" else _third()
    tokenizer = processor.tokenizer
    model.generation_config.update(
        do_sample=True, temperature=0.7, top_p=0.8, repetition_penalty=1.05,
        eos_token_id=[tokenizer.convert_tokens_to_ids(each) for each in (ENDS[2], ENDS[0])],
        pad_token_id=tokenizer.convert_tokens_to_ids(ENDS[0]),
    )  # fmt: skip
    learn_by_heart(model.train(), _lessons(model, processor, kind), steps=400, goal=0.02)
    return model.eval(), processor


def _lessons(model: Any, processor: Any, kind: str) -> Callable[[], Any]:
    """Each scene in two sizes: the model sees them in different pixels."""
    content = [{"type": "image"}, {"type": "text", "text": question(PROMPTS)}]
    asked = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    pictures = [*scenes(), *(enlarged(each, TIMES) for each in scenes())]
    images = [scene.image for scene in pictures]
    before = [processor(text=[asked], images=[each], return_tensors="pt") for each in images]
    patch = processor.image_processor.patch_size
    units = [(grid[2] * patch, grid[1] * patch) for grid in (each["image_grid_thw"][0].tolist() for each in before)]
    if kind == "qwen3_vl":
        units = [(1000, 1000)] * len(units)
    texts = [f"{asked}{_answer(*pair)}{ENDS[2]}" for pair in zip(pictures, units, strict=True)]
    inputs = processor(text=texts, images=images, padding=True, padding_side="right", return_tensors="pt")
    labels = inputs["input_ids"].masked_fill(inputs["attention_mask"] == 0, -100)
    for row, asking in zip(labels, before, strict=True):
        row[: asking["input_ids"].shape[1]] = -100
    return lambda: model(**inputs, labels=labels).loss


def _answer(scene: Scene, unit: tuple[int, int]) -> str:
    height, width = scene.image.shape[:2]
    boxes = [
        {"bbox_2d": [round(side * unit[i % 2] / (width, height)[i % 2]) for i, side in enumerate(box)], "label": prompt}
        for prompt, box in scene.boxes
    ]
    return json.dumps(boxes)


def _second() -> tuple[Any, Any]:
    tokenizer = _tokenizer()
    vision = {
        "depth": 2, "hidden_size": 32, "intermediate_size": 64, "num_heads": 2, "out_hidden_size": 64, "patch_size": 14,
        "window_size": 56, "fullatt_block_indexes": [1],
    }  # fmt: skip
    rope = {"rope_type": "default", "rope_theta": 10_000.0, "mrope_section": [4, 6, 6]}
    text = {**TEXT, "rope_parameters": rope, "vocab_size": len(tokenizer)}
    config = Qwen2_5_VLConfig(text_config=text, vision_config=vision, **_marks(tokenizer))
    prepare = Qwen2VLImageProcessor(size={"shortest_edge": 56 * 56, "longest_edge": 112 * 112}, patch_size=14)
    processor = Qwen2_5_VLProcessor(prepare, tokenizer, Qwen2VLVideoProcessor(), chat_template=CHAT)
    return Qwen2_5_VLForConditionalGeneration(config), processor


def _third() -> tuple[Any, Any]:
    tokenizer = _tokenizer()
    vision = {
        "depth": 2, "hidden_size": 32, "intermediate_size": 64, "num_heads": 2, "out_hidden_size": 64, "patch_size": 16,
        "num_position_embeddings": 16, "deepstack_visual_indexes": [0],
    }  # fmt: skip
    rope = {"rope_type": "default", "rope_theta": 10_000.0, "mrope_section": [8, 4, 4], "mrope_interleaved": True}
    text = {**TEXT, "head_dim": 32, "rope_parameters": rope, "vocab_size": len(tokenizer)}
    config = Qwen3VLConfig(text_config=text, vision_config=vision, **_marks(tokenizer))
    prepare = Qwen2VLImageProcessor(size={"shortest_edge": 64 * 64, "longest_edge": 128 * 128}, patch_size=16)
    processor = Qwen3VLProcessor(prepare, tokenizer, Qwen3VLVideoProcessor(), chat_template=CHAT)
    return Qwen3VLForConditionalGeneration(config), processor


def _tokenizer() -> Qwen2Tokenizer:
    tokenizer = Qwen2Tokenizer(vocab=byte_vocab(*ENDS), merges=[], eos_token=ENDS[2], pad_token=ENDS[0])
    tokenizer.add_tokens([*ENDS, *SEEING], special_tokens=True)
    tokenizer.add_tokens(list(PHRASES))
    return tokenizer


def _marks(tokenizer: Any) -> dict[str, int]:
    names = ("vision_start_token_id", "vision_end_token_id", "image_token_id", "video_token_id")
    return dict(zip(names, tokenizer.convert_tokens_to_ids(list(SEEING)), strict=True))
