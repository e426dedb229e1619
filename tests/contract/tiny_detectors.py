"""Detectors of transformers with random weights, a few hundred kilobytes each; they know four classes."""

from collections.abc import Callable
from typing import Any

import torch
from transformers import (
    AutoModelForObjectDetection,
    DeformableDetrImageProcessor,
    Deimv2Config,
    DetrConfig,
    DetrImageProcessor,
    DFineConfig,
    HGNetV2Config,
    LwDetrConfig,
    LwDetrViTConfig,
    ResNetConfig,
    RfDetrConfig,
    RfDetrDinov2Config,
    RfDetrImageProcessor,
    RTDetrConfig,
    RTDetrImageProcessor,
    RTDetrResNetConfig,
    RTDetrV2Config,
    YolosConfig,
    YolosImageProcessor,
)

NAMES = ("Red_Bolt", "a round nut", "gear", "person")
SQUARE = {"height": 64, "width": 64}
SHORTER = {"shortest_edge": 64, "longest_edge": 96}
CLASSES = {"id2label": dict(enumerate(NAMES)), "label2id": {name: i for i, name in enumerate(NAMES)}}
SPREAD = {"detr": 0.3, "yolos": 0.4}  # their queries would all say the same


def make(kind: str) -> tuple[Any, Any]:
    """Model and image processor."""
    config, processor = DETECTORS[kind]()
    model = AutoModelForObjectDetection.from_config(config).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn_like(weight) * SPREAD.get(kind, 0.08))
    return model, processor


def _hybrid(config: type[Any], backbone: Any, **more: Any) -> tuple[Any, Any]:
    """RT-DETR and those that came of it."""
    said = config(
        backbone_config=backbone, encoder_in_channels=[16, 32, 64], encoder_hidden_dim=32, encoder_ffn_dim=32,
        encoder_attention_heads=2, decoder_in_channels=[32, 32, 32], d_model=32, decoder_ffn_dim=32, decoder_layers=2,
        decoder_attention_heads=2, num_queries=12, num_denoising=0, **CLASSES, **more,
    )  # fmt: skip
    return said, RTDetrImageProcessor(size=SQUARE)


def _resnet() -> RTDetrResNetConfig:
    return RTDetrResNetConfig(
        embedding_size=8, hidden_sizes=[8, 16, 32, 64], depths=[1, 1, 1, 1], layer_type="basic", out_indices=[2, 3, 4]
    )


def _hgnet() -> HGNetV2Config:
    return HGNetV2Config(
        stem_channels=[3, 8, 8], stage_in_channels=[8, 8, 16, 32], stage_mid_channels=[4, 8, 8, 16],
        stage_out_channels=[8, 16, 32, 64], stage_num_blocks=[1, 1, 1, 1], stage_numb_of_layers=[1, 1, 1, 1],
        hidden_sizes=[8, 16, 32, 64], depths=[1, 1, 1, 1], embedding_size=8, out_indices=[2, 3, 4],
    )  # fmt: skip


def _detr() -> tuple[Any, Any]:
    backbone = ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 8, 16, 32], depths=[1, 1, 1, 1], layer_type="basic", out_indices=[4]
    )
    config = DetrConfig(
        use_timm_backbone=False, use_pretrained_backbone=False, backbone=None, backbone_config=backbone, d_model=32,
        encoder_layers=1, decoder_layers=1, encoder_ffn_dim=32, decoder_ffn_dim=32, encoder_attention_heads=2,
        decoder_attention_heads=2, num_queries=12, **CLASSES,
    )  # fmt: skip
    return config, DetrImageProcessor(size=SHORTER)


def _yolos() -> tuple[Any, Any]:
    config = YolosConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, image_size=[64, 64],
        patch_size=8, num_detection_tokens=12, **CLASSES,
    )  # fmt: skip
    return config, YolosImageProcessor(size={**SHORTER, "longest_edge": 1024})


def _lw_detr() -> tuple[Any, Any]:
    backbone = LwDetrViTConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=64, pretrain_image_size=64,
        patch_size=8, window_block_indices=[0], num_windows=4, out_indices=[2],
    )  # fmt: skip
    config = LwDetrConfig(
        backbone_config=backbone, projector_scale_factors=[1.0], d_model=32, decoder_layers=1, decoder_ffn_dim=32,
        decoder_self_attention_heads=2, decoder_cross_attention_heads=2, num_queries=12, group_detr=1, **CLASSES,
    )  # fmt: skip
    return config, DeformableDetrImageProcessor(size=SQUARE, do_pad=False)


def _rf_detr() -> tuple[Any, Any]:
    backbone = RfDetrDinov2Config(
        hidden_size=32, num_hidden_layers=3, num_attention_heads=2, image_size=64, patch_size=8, num_windows=2,
        out_indices=[2, 3],
    )  # fmt: skip
    config = RfDetrConfig(
        backbone_config=backbone, d_model=32, decoder_layers=1, decoder_ffn_dim=32, decoder_self_attention_heads=2,
        decoder_cross_attention_heads=2, num_queries=12, group_detr=1, intermediate_size=32, **CLASSES,
    )  # fmt: skip
    return config, RfDetrImageProcessor(size=SQUARE)


DETECTORS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "d-fine": lambda: _hybrid(DFineConfig, _hgnet()),
    "deimv2": lambda: _hybrid(Deimv2Config, _hgnet()),
    "detr": _detr,
    "lw-detr": _lw_detr,
    "rf-detr": _rf_detr,
    "rt-detr": lambda: _hybrid(RTDetrConfig, _resnet()),
    "rt-detr-v2": lambda: _hybrid(RTDetrV2Config, _resnet()),
    "yolos": _yolos,
}
