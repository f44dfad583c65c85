"""Everything that imports Streamlit: the frame, the controls, the maps, the charts and the evidence."""
