"""Zero-shot detectors with random weights, a few hundred kilobytes each, saved as their authors' files are.

Weights are drawn wider than the library draws them, so that boxes and scores differ from image to image.
"""

from collections.abc import Callable
from typing import Any

import torch
from transformers import (
    AutoModelForZeroShotObjectDetection,
    BertConfig,
    CLIPTextConfig,
    DetrImageProcessor,
    GroundingDinoConfig,
    GroundingDinoImageProcessor,
    GroundingDinoProcessor,
    MMGroundingDinoConfig,
    OmDetTurboConfig,
    OmDetTurboProcessor,
    Owlv2Config,
    Owlv2ImageProcessor,
    Owlv2Processor,
    OwlViTConfig,
    OwlViTImageProcessor,
    OwlViTProcessor,
    SwinConfig,
)

from tests.contract.tiny_words import bert_tokenizer, clip_ends, clip_tokenizer

SIDE = 64
SPREAD = 0.08
DETR_LIKE = ("grounding-dino", "mm-grounding-dino", "omdet-turbo")


def make(kind: str) -> tuple[Any, Any]:
    """Model and processor."""
    config, processor = ZERO_SHOT[kind]()
    model = AutoModelForZeroShotObjectDetection.from_config(config).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if kind in DETR_LIKE:
                weight.add_(torch.randn_like(weight) * SPREAD)
            elif "box_head.dense2" in name or "logit_" in name:
                weight.normal_(std=SPREAD)
    return model, processor


def _swin(indices: tuple[int, ...], depths: tuple[int, ...]) -> SwinConfig:
    return SwinConfig(
        embed_dim=8, depths=depths, num_heads=(2,) * len(depths), window_size=4, image_size=SIDE,
        out_indices=indices,
    )  # fmt: skip


def _dino(config: type[Any], max_text_len: int = 32) -> tuple[Any, Any]:
    size = {"shortest_edge": 2 * SIDE, "longest_edge": 3 * SIDE}
    processor = GroundingDinoProcessor(GroundingDinoImageProcessor(size=size), bert_tokenizer())
    return config(
        backbone_config=_swin((2, 3, 4), (1, 1, 1, 1)),
        text_config=BertConfig(
            vocab_size=1030, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
        ),
        d_model=32, encoder_layers=1, decoder_layers=2, encoder_ffn_dim=32, decoder_ffn_dim=32, num_queries=12,
        encoder_attention_heads=4, decoder_attention_heads=4, max_text_len=max_text_len,
    ), processor  # fmt: skip


def _owl(config: type[Any], processor: type[Any], images: type[Any]) -> tuple[Any, Any]:
    tokenizer = clip_tokenizer(16)
    width = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = {**width, **clip_ends(tokenizer)}
    vision = {**width, "image_size": SIDE, "patch_size": 8}
    side = {"height": SIDE, "width": SIDE}
    return (
        config(text_config=text, vision_config=vision, projection_dim=32),
        processor(images(size=side), tokenizer),
    )


def _omdet() -> tuple[Any, Any]:
    tokenizer = clip_tokenizer(77)
    text = CLIPTextConfig(
        hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, projection_dim=16,
        max_position_embeddings=77, **clip_ends(tokenizer),
    )  # fmt: skip
    config = OmDetTurboConfig(
        text_config=text, backbone_config=_swin((1, 2, 3), (1, 1, 1)), image_size=SIDE,
        apply_layernorm_after_vision_backbone=False, text_projection_in_dim=16, text_projection_out_dim=16,
        class_embed_dim=16, task_encoder_hidden_dim=32,
        vision_features_channels=(32, 32, 32), encoder_in_channels=(8, 16, 32), encoder_hidden_dim=32,
        decoder_hidden_dim=32, encoder_attention_heads=2, decoder_num_heads=2, encoder_dim_feedforward=32,
        decoder_dim_feedforward=32, decoder_num_layers=2, num_queries=12,
    )  # fmt: skip
    size = {"height": SIDE, "width": SIDE}
    return config, OmDetTurboProcessor(DetrImageProcessor(size=size, do_pad=False), tokenizer)


ZERO_SHOT: dict[str, Callable[[], tuple[Any, Any]]] = {
    "grounding-dino": lambda: _dino(GroundingDinoConfig),
    "mm-grounding-dino": lambda: _dino(MMGroundingDinoConfig),
    "omdet-turbo": _omdet,
    "owlv2": lambda: _owl(Owlv2Config, Owlv2Processor, Owlv2ImageProcessor),
    "owlvit": lambda: _owl(OwlViTConfig, OwlViTProcessor, OwlViTImageProcessor),
}
